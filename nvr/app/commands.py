"""How each role is started as a process: a module per role, so that none loads what only another needs."""

from enum import StrEnum
from pathlib import Path

from nvr.base.modules import module_command


class Role(StrEnum):
    """The processes of a server."""

    RECORDER = "recorder"
    KEEPER = "keeper"
    ACCESS = "access"
    WATCH = "watch"


def role_command(role: Role, file: Path, *, shard: int = 0, supervised: bool = False) -> tuple[str, ...]:
    """The arguments of the process; `supervised` makes it watch its standard input for the supervisor's end."""
    command = [*module_command(f"nvr.app.roles.{role}", "--config", str(file))]
    if role is Role.RECORDER:
        command += ["--shard", str(shard)]
    if supervised:
        command.append("--supervised")
    return tuple(command)
