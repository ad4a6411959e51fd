"""`nvr-admin volume`: the disks of footage, run on the server by who may ask its roles: root under systemd."""

import asyncio
import os
import sys
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from config.model import Settings
from nvr.app.cli.answers import write_answer, write_json
from nvr.app.cli.common import ConfigOption, JsonOption, abort_on_no, new_app, run, settings_of
from nvr.app.cli.volume_rows import disk_rows, footage_json, stretch_row, volume_json, volume_row
from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.app.volumes.footage import Footage
from nvr.app.volumes.looking import look_at_disks
from nvr.app.volumes.overview import Overview, VolumeReport, overview
from nvr.app.volumes.tables import VolumeTables
from nvr.app.volumes.waiting import is_left, takes, wait
from nvr.base.clock import SystemClock
from nvr.base.errors import ConfigError, Refused
from storage.volume_health import VolumeState

app = new_app("The disks of footage.")

VolumeArgument = Annotated[str, typer.Argument(metavar="VOLUME", help="Its path, name or id, as `volume list` has it")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check and tell, and change nothing.")]

_GIB: Final = 1 << 30


@app.command("list")
def volume_list(
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Every disk of footage: which one it is, how it does, what lies there. What does not answer is unknown.

    Example: nvr-admin volume list
    """
    settings = settings_of(config)
    found = look(settings)
    if as_json:
        write_json([volume_json(each) for each in found.volumes])
    else:
        write_answer([volume_row(each) for each in found.volumes], as_json=False, zone=zone_of(settings))
    leave(hung=found.hung)


@app.command("drain")
def volume_drain(
    volume: VolumeArgument,
    config: ConfigOption = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let it take footage again.")] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let a disk take nothing new: its cameras go elsewhere, what lies there stays until its time, and is told.

    Example: nvr-admin volume drain /srv/scelle/disk2
    """
    settings = settings_of(config)
    found = look(settings)
    report = found.find(volume)
    evidence = report.setting.evidence
    if not undo and not evidence and not others_in_service(found, report):
        say_on_stderr("volume-drain-stops-recording", path=report.setting.path)
        if not yes and not dry_run:
            abort_on_no("ask-volume-drain", path=report.setting.path)
    left: list[int] = []
    if not dry_run:
        if report.setting.drain is undo:
            tables_of(settings).drain(report.setting.path, drain=not undo)
        is_done = takes if undo and not evidence else is_left
        left = wait(settings, report.setting.path, is_done, SystemClock())
        found = look(settings_of(config))
        report = found.find(volume)
    answer = {"volume": report.seen.volume, "path": str(report.setting.path), "drain": not undo, "waits_for": left}
    if as_json:
        write_json(answer | {"footage": None if report.footage is None else footage_json(report.footage)})
    else:
        _tell_drain(settings, report, undo=undo, dry_run=dry_run, left=left)
    leave(hung=found.hung)


@app.command("smart")
def volume_smart(
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Ask every disk how it is (smartctl), and remember it with its serial number; a timer of systemd does so, too.

    Example: nvr-admin volume smart
    """
    settings = settings_of(config)
    try:
        known, hung = asyncio.run(look_at_disks(settings, SystemClock()))
    except OSError as error:
        raise Refused("file-not-written", file=str(settings.paths.state), why=error.strerror) from error
    rows = [row for volume, one in known.volumes.items() for row in disk_rows(volume, one)]
    write_answer(rows, as_json=as_json, zone=zone_of(settings))
    leave(hung=hung)


def look(settings: Settings) -> Overview:
    """Everything about the volumes now."""
    return asyncio.run(overview(settings, SystemClock()))


def leave(*, hung: bool) -> None:
    """End at once where a disk hangs: the thread that looks at it would keep this process for as long."""
    sys.stdout.flush()
    if hung:
        os._exit(0)


def zone_of(settings: Settings) -> ZoneInfo:
    """Local time of the system."""
    return ZoneInfo(settings.system.timezone)


def tables_of(settings: Settings) -> VolumeTables:
    """The configuration, to be changed. Raises ConfigError."""
    if settings.file is None:
        raise ConfigError(file="-", why="the settings were not read from a file")
    return VolumeTables.read(settings.file)


def others_in_service(found: Overview, but: VolumeReport) -> list[VolumeReport]:
    """The other volumes that take footage now, as some recorder says."""
    return [each for each in found.volumes if each is not but and VolumeState.IN_SERVICE in each.states]


def say_on_stderr(message_id: str, **fields: object) -> None:
    """A text that must not be mistaken for the answer."""
    sys.stderr.write(say(message_id, **fields) + "\n")


def write_footage(footage: Footage | None, zone: ZoneInfo) -> None:
    """What lies on a volume, camera by camera, and what holds keep of it."""
    if footage is None:
        typer.echo(say("volume-footage-unknown"))
    elif not footage.cameras:
        if not footage.copies.segments:
            typer.echo(say("volume-without-footage"))
    else:
        write_answer([stretch_row(each) for each in footage.cameras], as_json=False, zone=zone)
        if footage.held:
            typer.echo("\n" + say("volume-held", gib=show_number(footage.held_bytes / _GIB, LANGUAGE, 1)))
            rows: list[dict[str, Any]] = [{"hold": each.hold, **stretch_row(each.stretch)} for each in footage.held]
            write_answer(rows, as_json=False, zone=zone)


def _tell_drain(settings: Settings, report: VolumeReport, *, undo: bool, dry_run: bool, left: list[int]) -> None:
    path = report.setting.path
    if left:
        say_on_stderr("volume-recorders-left", shards=", ".join(map(str, left)))
    if undo:
        typer.echo(say("volume-drain-undo-dry" if dry_run else "volume-drain-undone", path=path))
        return
    typer.echo(say("volume-drain-dry" if dry_run else "volume-drained", path=path) + "\n")
    write_footage(report.footage, zone_of(settings))
    footage = report.footage
    if footage is not None:
        if footage.copies.segments:
            gib = show_number(footage.copies.bytes / _GIB, LANGUAGE, 1)
            typer.echo(say("volume-copies", segments=footage.copies.segments, gib=gib))
        typer.echo("")
        if footage.held_alone:
            typer.echo(say("volume-out-held", path=path))
        elif footage.ends_utc_us is not None:
            typer.echo(say("volume-out-from", path=path, at_utc_us=footage.ends_utc_us))
        else:
            typer.echo(say("volume-out-now", path=path))


if __name__ == "__main__":
    raise SystemExit(run(app, "nvr-admin volume"))
