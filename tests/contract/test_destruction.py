"""Only storage/durable.py destroys, renames, or writes a whole file: it knows what must be synced, and when.

Ruff bans the functions of `os` and `shutil`; it can not see the methods of a path, so this test does. Below that,
storage reaches a disk through `storage.disk` alone, where the fault tests can make every call fail.
"""

import ast
from collections.abc import Iterator
from types import MappingProxyType

from tests.contract.source import product, within
from tools.source_tree import Module

PACKAGES = ("access", "recorder", "storage")
BANNED = frozenset({"rename", "rmdir", "unlink", "write_bytes", "write_text"})

EXEMPT: MappingProxyType[str, str] = MappingProxyType(
    {
        # module: why it may
        "storage.disk": "the calls themselves",
        "storage.durable": "the one place that knows what to sync",
    }
)


def test_files_change_through_the_durable_primitives_alone() -> None:
    offences = [
        f"{module.path}:{call}"
        for module in product().modules.values()
        if any(within(module.name, package) for package in PACKAGES) and module.name not in EXEMPT
        for call in _offences(module)
    ]
    assert not offences, "\n".join(offences)


CALLS_OF_A_DISK = frozenset(
    {
        "fdatasync",
        "fsync",
        "ftruncate",
        "link",
        "mkdir",
        "open",
        "pread",
        "pwrite",
        "read",
        "rename",
        "replace",
        "statvfs",
        "truncate",
        "unlink",
        "write",
        "writev",
    }
)


def test_storage_reaches_a_disk_through_one_module() -> None:
    offences = [
        f"{module.path}:{call}"
        for module in product().modules.values()
        if within(module.name, "storage") and module.name != "storage.disk"
        for call in _past_the_interface(module)
    ]
    assert not offences, "\n".join(offences)


def _past_the_interface(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in CALLS_OF_A_DISK:
                yield f"{node.lineno} names os.{name}"
            case ast.ImportFrom(module="storage.disk"):
                yield f"{node.lineno} imports from storage.disk by name: no test could put another disk in its place"
            case _:
                pass


def _offences(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _banned(node, node.func.attr):
            yield f"{node.lineno} calls .{node.func.attr}()"


def _banned(call: ast.Call, method: str) -> bool:
    # Path.replace(target) takes one argument; str.replace takes two, datetime.replace names its own.
    moves = method == "replace" and len(call.args) == 1 and not call.keywords
    return moves or method in BANNED
