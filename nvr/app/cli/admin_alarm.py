"""Whom the watch tells: tried out, and what it tells now. Asked of the watch itself, which has the secrets."""

import asyncio
import sys
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from config.model import Settings
from nvr.app.cli.answers import write_answer, write_json
from nvr.app.cli.common import EXIT_REFUSED, JsonOption, new_app, settings_of
from nvr.app.cli.tables import alarm_rows
from nvr.app.messages import say
from nvr.base.wire import Client

alarm = new_app("Whom the watch tells, and what stands now. Under systemd: as root.")

_TEST_DEADLINE_S = 600.0
"""A mail session may take three of its time-outs."""


@alarm.command("test")
def alarm_test(
    context: typer.Context,
    channel: Annotated[
        str | None, typer.Option(help="mail, command or apprise; without it, each that there is")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Send a test message over every channel, and say what came of it; the exit code is 1 when one failed.

    Example: nvr-admin alarm test --channel mail
    """
    outcomes = _ask(_settings(context), "test", channel=channel)
    if as_json:
        write_json(outcomes)
    elif not outcomes:
        sys.stdout.write(f"{say('alarm-no-channel')}\n")
    else:
        for each in outcomes:
            detail = f" ({each['detail']})" if each["detail"] else ""
            what, *remedy = say(f"send-{each['cause']}").split("\n")
            sys.stdout.write("\n".join([f"{each['channel']}: {what}{detail}", *remedy]) + "\n")
    if not outcomes or not all(each["sent"] for each in outcomes):
        raise typer.Exit(EXIT_REFUSED)


@alarm.command("list")
def alarm_list(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """What is wrong now and since when, and what to do; how the channels fare.

    Example: nvr-admin alarm list
    """
    settings = _settings(context)
    answer = _ask(settings, "status")
    if as_json:
        write_json(answer)
        return
    zone = ZoneInfo(settings.system.timezone)
    if answer["alarms"]:
        write_answer(alarm_rows(answer["alarms"]), as_json=False, zone=zone)
        for kind in dict.fromkeys(each["id"] for each in answer["alarms"]):
            sys.stdout.write(f"\n{say(f'alarm-{kind}')}\n")
    else:
        sys.stdout.write(f"{say('alarm-none')}\n")
    sys.stdout.write("\n")
    if answer["channels"]:
        write_answer(answer["channels"], as_json=False, zone=zone)
    else:
        sys.stdout.write(f"{say('alarm-no-channel')}\n")


def _settings(context: typer.Context) -> Settings:
    return settings_of(context.find_root().params.get("config"))


def _ask(settings: Settings, call: str, **args: object) -> Any:  # noqa: ANN401 -- JSON of the watch
    async def asked() -> Any:  # noqa: ANN401 -- as above
        async with Client(settings.paths.watch_socket) as watch:
            return await watch.call(call, args, deadline_s=_TEST_DEADLINE_S)

    return asyncio.run(asked())
