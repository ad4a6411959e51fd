"""No test waits for time to pass: a sleep is too short on a busy machine and too long on every other."""

import ast
from collections.abc import Iterator
from types import MappingProxyType

from tests.contract.source import ROOT, suite
from tools.source_tree import Module

EXEMPT: MappingProxyType[str, str] = MappingProxyType(
    {
        # test module: why it must wait for real time
    }
)


def test_tests_do_not_sleep() -> None:
    sleeps = [
        f"{module.path.relative_to(ROOT)}:{line}"
        for module in suite().modules.values()
        if module.name not in EXEMPT
        for line in _sleeps(module)
    ]
    assert not sleeps, "\n".join(sleeps)


def _sleeps(module: Module) -> Iterator[int]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep"}:
            yields_once = node.args and ast.unparse(node.args[0]) == "0"
            if not yields_once:
                yield node.lineno
