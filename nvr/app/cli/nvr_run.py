"""Running the server, and asking how it is."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from config.load import config_file, load
from config.model import Settings
from nvr.app.cli.answers import write_answer, write_json, write_remedies
from nvr.app.cli.common import EXIT_REFUSED, ConfigOption, JsonOption, settings_of
from nvr.app.cli.tables import status_of
from nvr.app.commands import Role, role_command
from nvr.app.messages import say
from nvr.app.shards import recorder_sockets
from nvr.app.supervisor import supervise
from nvr.app.watch.kinds import Severity
from nvr.base.clock import SystemClock
from nvr.base.errors import NvrError, Refused
from nvr.base.wire import Client


def run(
    config: ConfigOption = None,
    role: Annotated[Role | None, typer.Option(help="Be this role alone, as the systemd units do.")] = None,
    shard: Annotated[int, typer.Option(min=0, help="Which recorder.")] = 0,
) -> None:
    """Run all roles as children of this process, or be one of them.

    Example: nvr run --config /etc/scelle/scelle.toml
    """
    file = config_file(config, os.environ).absolute()
    settings = load(file, os.environ)
    if role is not None:
        command = role_command(role, file, shard=shard)
        os.execv(command[0], command)  # noqa: S606 -- the same program, without what only this one needs
    logging.basicConfig(level=logging.INFO, format="nvr %(levelname)s %(message)s")
    raise typer.Exit(asyncio.run(supervise(settings, file, SystemClock())))


def status(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Ask every role how it is. Exit code 0: all is well; 1: a role does not answer, or the watch tells an alarm.

    What is to be settled within weeks is shown, and is no alarm here. Under systemd only root and the roles may ask.

    Example: nvr status
    """
    settings = settings_of(config)
    answers = asyncio.run(_ask_all(settings))
    if as_json:
        write_json(answers)
    else:
        zone = ZoneInfo(settings.system.timezone)
        for name, answer in answers.items():
            sys.stdout.write(f"{name}: {say('role-silent') if answer is None else say('role-answers')}\n")
            if answer is not None:
                write_answer(status_of(name, answer), as_json=False, zone=zone)
                write_remedies(answer["state"]["cameras"] if name.startswith("recorder") else [])
    if None in answers.values() or any_alarm(answers):
        raise typer.Exit(EXIT_REFUSED)


def any_alarm(answers: Mapping[str, Any]) -> bool:
    """Whether the watch tells anything that is worse than a notice."""
    alarms = (answers.get("watch") or {}).get("alarms", ())
    return any(each["severity"] != Severity.NOTICE.word for each in alarms)


async def _ask_all(settings: Settings) -> dict[str, Any]:
    paths = settings.paths
    recorders = await asyncio.to_thread(recorder_sockets, settings)
    sockets = [paths.keeper_socket, *recorders.values(), paths.access_socket, paths.watch_socket]
    answers = await asyncio.gather(*(_ask(socket) for socket in sockets))
    return {socket.stem: answer for socket, answer in zip(sockets, answers, strict=True)}


async def _ask(socket: Path) -> Any:  # noqa: ANN401 -- JSON, by role
    try:
        async with asyncio.timeout(5), Client(socket) as client:
            return await client.call("status")
    except Refused:
        raise
    except (NvrError, TimeoutError):
        return None
