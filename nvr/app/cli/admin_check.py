"""Footage checked against the index: by the keeper, who is asked by whoever may open its socket."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from config.model import Settings
from nvr.app.cli.answers import write_answer, write_json
from nvr.app.cli.common import EXIT_REFUSED, ConfigOption, JsonOption, new_app, run, settings_of
from nvr.app.cli.times import parse_instant
from nvr.app.figures import show_number
from nvr.app.keeper_client import READ_DEADLINE_S
from nvr.app.messages import LANGUAGE, say
from nvr.base.errors import InvalidValue
from nvr.base.wire import Client
from storage.inspection import Depth
from storage.keeping.check_report import GOOD
from storage.volume import open_volume

_LOOK_S: Final = 0.5
_MIB: Final = 1 << 20

app = new_app("Footage checked against the index.")


DepthOption = Annotated[Depth, typer.Option(help="What is looked at: names, lengths, or every byte")]
RateOption = Annotated[int, typer.Option(min=0, help="Read so much at most; 0: as fast as it goes")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what it would cost.")]
AnewOption = Annotated[bool, typer.Option("--anew", help="Do not go on with one that was stopped.")]


@app.command("index-check")
def index_check(  # noqa: PLR0913 -- a parameter is an option
    depth: DepthOption = Depth.SIZE,
    since: Annotated[str | None, typer.Option(help="Only what began since, for example '2026-10-25 14:05'")] = None,
    cameras: Annotated[list[str] | None, typer.Option("--camera", help="Only this one; repeat for several")] = None,
    volumes: Annotated[list[str] | None, typer.Option("--volume", help="Only this one, by its name or path")] = None,
    mib_per_second: RateOption = 20,
    config: ConfigOption = None,
    *,
    dry_run: DryRunOption = False,
    anew: AnewOption = False,
    as_json: JsonOption = False,
) -> None:
    """Look whether all footage that should be there is, and what it was; recording goes on. Exit code 1: it is not.

    Stopped with Ctrl-C, the same command goes on where it was. What is found is in the ledger, and says what to do.

    Example: nvr-admin index check --depth hash --camera mairie-1 --since "2026-10-25 00:00"
    """
    settings = settings_of(config)
    args: dict[str, Any] = {
        "depth": depth,
        "cameras": cameras or [],
        "volumes": _volume_ids(settings, volumes or ()),
        "since_utc_us": None if since is None else parse_instant("--since", since, ZoneInfo(settings.system.timezone)),
        "bytes_per_second": mib_per_second * _MIB,
        "anew": anew,
    }
    _check(settings, args, dry_run=dry_run, as_json=as_json)


@app.command("volume-check")
def volume_check(
    volume: Annotated[str, typer.Argument(metavar="VOLUME", help="Its name or path, as `volume list` has it")],
    depth: DepthOption = Depth.SIZE,
    mib_per_second: RateOption = 20,
    config: ConfigOption = None,
    *,
    dry_run: DryRunOption = False,
    anew: AnewOption = False,
    as_json: JsonOption = False,
) -> None:
    """Look whether one disk has all the footage that it should have: `index check` of this volume alone.

    Example: nvr-admin volume check /srv/scelle/disk2 --depth hash
    """
    index_check(
        depth,
        volumes=[volume],
        mib_per_second=mib_per_second,
        config=config,
        dry_run=dry_run,
        anew=anew,
        as_json=as_json,
    )


def _check(settings: Settings, args: Mapping[str, Any], *, dry_run: bool, as_json: bool) -> None:
    zone = ZoneInfo(settings.system.timezone)
    plan, found = asyncio.run(_talk(settings.paths.keeper_socket, args, begin=not dry_run, say_plan=not as_json))
    if as_json:
        write_json({"plan": plan, "found": found})
    elif found is not None:
        _write_found(found, zone)
    if found is not None and _is_bad(found):
        raise typer.Exit(EXIT_REFUSED)


@app.command("index-damaged")
def index_damaged(
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Segments whose files are not what was sealed, by the last check, and whether a hold covers them.

    Example: nvr-admin index damaged
    """
    settings = settings_of(config)

    async def ask() -> Any:  # noqa: ANN401 -- JSON
        async with Client(settings.paths.keeper_socket) as keeper:
            return await keeper.call("damaged")

    write_answer(asyncio.run(ask()), as_json=as_json, zone=ZoneInfo(settings.system.timezone))


def _volume_ids(settings: Settings, names: Sequence[str]) -> list[str]:
    paths = {name: each.path for each in settings.volume for name in (each.name, str(each.path))}
    for name in names:
        if name not in paths:
            raise InvalidValue(field="volume", value=name, expected=", ".join(each.name for each in settings.volume))
    return [open_volume(paths[name], settings.system.origin).id for name in names]


async def _talk(
    socket: Path, args: Mapping[str, Any], *, begin: bool, say_plan: bool
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What it costs, and what it found; that is None when it was not begun."""
    async with Client(socket, deadline_s=READ_DEADLINE_S) as keeper:
        plan: dict[str, Any] = await keeper.call("check_plan", args)
        if say_plan:
            _write_plan(plan)
        if not begin:
            return plan, None
        await keeper.call("check", args)
        try:
            return plan, await _followed(keeper, plan)
        except asyncio.CancelledError:  # Ctrl-C
            await keeper.call("check_stop")
            raise


async def _followed(keeper: Client, plan: Mapping[str, Any]) -> dict[str, Any]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("check", total=plan["files"])
        while True:
            found: dict[str, Any] = await keeper.call("check_state")
            progress.update(task, completed=found["files"])
            if found["state"] != "running":
                return found
            await asyncio.sleep(_LOOK_S)


def _write_plan(plan: Mapping[str, Any]) -> None:
    size_gib = show_number(plan["bytes"] / (1 << 30), LANGUAGE, 1)
    typer.echo(say("check-plan", files=plan["files"], gib=size_gib, minutes=-(-plan["seconds"] // 60)))
    if plan["bytes_per_second"] is not None:
        typer.echo(say("check-rate", mib=plan["bytes_per_second"] // _MIB))
    if plan["resumed_utc_us"] is not None:
        typer.echo(say("check-resumed", begun_utc_us=plan["resumed_utc_us"]))


def _write_found(found: Mapping[str, Any], zone: ZoneInfo) -> None:
    typer.echo(say(f"check-{found['state']}", files=found["files"], seconds=found["seconds"]))
    shown = ("kind", "camera", "start_utc_us", "segment", "why", "held")
    rows = [{name: finding[name] for name in shown} for finding in found["findings"]]
    if rows:
        write_answer(rows, as_json=False, zone=zone)
    for kind, count in found["counts"].items():
        typer.echo("\n" + say(f"check-{kind}", count=count))
    for path, why in found["left"].items():
        typer.echo("\n" + say("check-left", path=path, why=why))


def _is_bad(found: Mapping[str, Any]) -> bool:
    return bool(found["counts"].keys() - GOOD or found["left"] or found["state"] != "done")


if __name__ == "__main__":
    sys.exit(run(app, "nvr-admin"))
