"""Every command line of ours that a document or a help text shows names a real command with real options."""

import re
import shlex
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import pytest
import typer
from typer.main import get_command

from nvr.app.cli import (
    admin,
    admin_backup,
    admin_books,
    admin_check,
    admin_forecast,
    admin_init,
    admin_shards,
    admin_volume,
    admin_volume_add,
    admin_volume_replace,
    camera_import,
    custodian,
    export,
    nvr,
    nvr_demo,
    verify,
)
from tests.contract.source import ROOT
from tests.contract.test_docs import documents

SHOWN = re.compile(r"`(nvr(?:-[a-z]+)? [^`\n]+)`|^(nvr(?:-[a-z]+)? .+)$", re.MULTILINE)
EXAMPLE = re.compile(r"Example: (?:systemctl [^;]*; )?(nvr[^;]*)", re.DOTALL)
PROGRAMS = {"nvr": nvr.app, "nvr-admin": admin.app, "nvr-export": export.app, "nvr-custodian": custodian.app}


def alone(command: Callable[..., Any]) -> Any:  # noqa: ANN401 -- click's, by the package that typer brings
    """The command of a module that is a program of its own."""
    app = typer.Typer()
    app.command()(command)
    return get_command(app)


ELSEWHERE = MappingProxyType(
    {
        "nvr demo": alone(nvr_demo.demo),
        "nvr verify": alone(verify.verify),
        "nvr-export verify": alone(verify.verify),
        "nvr-admin init": alone(admin_init.init),
        "nvr-admin shards": alone(admin_shards.shards),
        "nvr-admin volume list": alone(admin_volume.volume_list),
        "nvr-admin volume drain": alone(admin_volume.volume_drain),
        "nvr-admin volume replace": alone(admin_volume_replace.volume_replace),
        "nvr-admin volume smart": alone(admin_volume.volume_smart),
        "nvr-admin volume add": alone(admin_volume_add.volume_add),
        "nvr-admin camera import": alone(camera_import.camera_import),
        "nvr-admin retention forecast": alone(admin_forecast.retention_forecast),
        "nvr-admin backup": alone(admin_backup.backup),
        "nvr-admin backup-key": alone(admin_backup.backup_key),
        "nvr-admin restore": alone(admin_backup.restore_),
        "nvr-admin ledger verify": alone(admin_books.ledger_verify),
        "nvr-admin index rebuild": alone(admin_books.index_rebuild),
        "nvr-admin index check": alone(admin_check.index_check),
        "nvr-admin index damaged": alone(admin_check.index_damaged),
    }
)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its whole name."""

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- as above
        if hasattr(command, "commands"):
            for word, inner in command.commands.items():
                yield from walk(f"{name} {word}", inner)
        else:
            yield name, ELSEWHERE.get(name, command)

    for program, app in PROGRAMS.items():
        yield from walk(program, get_command(app))


def lines() -> Iterator[tuple[str, str]]:
    """Where a command line stands, and the line without its comment."""
    for document in documents():
        for match in SHOWN.finditer((ROOT / document).read_text()):
            yield str(document), (match[1] or match[2]).partition("  #")[0].strip()
    for name, command in commands():
        for match in EXAMPLE.finditer(command.help or ""):
            yield f"help of {name}", match[1]


def fault(line: str) -> str | None:
    """What is not real in the command line; None when all is. Words in capitals or brackets stand for values."""
    words = shlex.split(line.replace("[", "").replace("]", "").replace("...", ""))
    command: Any = get_command(PROGRAMS[words[0]]) if words[0] in PROGRAMS else None
    if command is None:
        return f"no program {words[0]}"
    name, rest = words[0], iter(words[1:])
    for word in rest:
        known = {text: option for option in command.params for text in (*option.opts, *option.secondary_opts)}
        if word.startswith("--"):
            if word not in known and word != "--help":
                return f"{name} has no option {word}"
            if word in known and not known[word].is_flag:
                next(rest, None)
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return f"{name} has no command {word}"
            name = f"{name} {word}"
            command = ELSEWHERE.get(name, command.commands[word])
    return None


LINES = sorted(set(lines()))


@pytest.mark.parametrize(("where", "line"), LINES, ids=str)
def test_command_line_is_real(where: str, line: str) -> None:
    assert fault(line) is None, where


@pytest.mark.parametrize(
    "line",
    ["nvr-admin volume format", "nvr-admin --who x camera list", "nvr-none x", "nvr run --fast", "nvr demo --slow"],
)
def test_command_line_that_is_not_real_is_found(line: str) -> None:
    assert fault(line)


def test_lines_are_found_in_documents_and_in_help() -> None:
    places = {where for where, _ in LINES}
    assert "README.md" in places
    assert len([place for place in places if place.startswith("help of")]) > 20
