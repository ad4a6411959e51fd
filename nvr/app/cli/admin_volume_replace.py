"""`nvr-admin volume replace`: a disk leaves for good, and what lies on it is lost, by the act of a named person."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from config.model import Settings
from nvr.app.cli.admin_volume import (
    DryRunOption,
    VolumeArgument,
    YesOption,
    leave,
    look,
    say_on_stderr,
    tables_of,
    write_footage,
    zone_of,
)
from nvr.app.cli.answers import write_json
from nvr.app.cli.common import ConfigOption, JsonOption, new_app, run, settings_of
from nvr.app.cli.files import write_new_file
from nvr.app.cli.person import AsOption, PasswordFileOption, Person, ReasonOption, signed_in
from nvr.app.cli.times import show_instant
from nvr.app.cli.volume_rows import bay_of, disks_text, footage_json
from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.app.volumes.keys import places_on, refuse_without_keys
from nvr.app.volumes.mounts import mounts
from nvr.app.volumes.overview import VolumeReport
from nvr.app.volumes.replacing import refuse_replacing, word_to_type
from nvr.app.volumes.sheet import sheets
from nvr.app.volumes.waiting import wait
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue, Refused

app = new_app()

_SHEET_MODE: Final = 0o640


class NotConfirmed(Refused):
    """What was typed is not what had to be: nothing was changed. `expected`."""

    message_id = "volume-not-confirmed"


@app.command()
def volume_replace(  # noqa: PLR0913 -- a parameter is an option
    volume: VolumeArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    account: AsOption = None,
    password_file: PasswordFileOption = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the sheet for the vendor there, a new file.")
    ] = None,
    *,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a dead or drained disk out for good: what lies on it is lost, and a sheet goes with it to the vendor.

    Example: nvr-admin --as admin volume replace /srv/scelle/disk2 --reason "dead, warranty" --sheet return.txt
    """
    settings = settings_of(config)
    if sheet is not None and sheet.exists():  # afterwards it would be too late to say so
        raise Refused("file-exists", file=str(sheet))
    found = look(settings)
    report = found.find(volume)
    name = refuse_replacing(found, report)
    with_keys = _leaves_with_keys(settings, report)
    if not as_json:
        _tell(settings, report, name)
    elif not (yes or dry_run):
        raise InvalidValue(field="--json", value="", expected="--yes or --dry-run with it")
    answer: dict[str, Any] = {"volume": name, "path": str(report.setting.path), "done": not dry_run}
    if not dry_run:
        tables_of(settings).check_can_remove(report.setting.path)
        if not yes:
            _confirm(report)
        person = signed_in(config, account, password_file)
        answer |= _replace(person, report, name, reason, with_keys=with_keys)
    if as_json:
        footage = None if report.footage is None else footage_json(report.footage)
        write_json(answer | {"disk": disks_text(report.seen.disks), "bay": bay_of(report), "footage": footage})
    elif dry_run:
        typer.echo("\n" + say("volume-replace-dry"))
    else:
        typer.echo("\n" + say("volume-replaced", path=report.setting.path, index=answer["ledger_index"]))
        typer.echo("\n" + answer["sheet"])
    if sheet is not None and not dry_run:  # last: where it can not be written it was shown
        write_new_file(sheet, answer["sheet"].encode(), _SHEET_MODE)
    leave(hung=found.hung)


def _replace(person: Person, report: VolumeReport, name: str, reason: str, *, with_keys: bool) -> dict[str, Any]:
    """The act, and what follows from it: the volume leaves the configuration, and every recorder lets go of it."""
    settings, path = person.settings, report.setting.path
    disk, bay = disks_text(report.seen.disks) or None, bay_of(report)
    act = person.act("volume.replace", volume=name, disk=disk, bay=bay, reason=reason)
    tables_of(settings).remove(path)
    left = wait(settings, path, lambda told: told is None, SystemClock())
    if left:
        say_on_stderr("volume-recorders-left", shards=", ".join(map(str, left)))
    return {**act, "waits_for": left, "sheet": _sheet(person, report, act, with_keys=with_keys)}


def _leaves_with_keys(settings: Settings, report: VolumeReport) -> bool:
    """Whether a place of the keyring leaves with it. Raises KeysOnDisk: no other place is whole."""
    places = places_on(report, settings.keyring.places, mounts())
    refuse_without_keys(report.setting.path, places, settings.index_location)
    if places.leaving:
        say_on_stderr("volume-keys-leave", place=", ".join(map(str, places.leaving)))
    return bool(places.leaving)


def _tell(settings: Settings, report: VolumeReport, name: str) -> None:
    """Which disk it is, and everything that leaves with it."""
    footage, unknown = report.footage, say("unknown-to-us")
    disk, bay = disks_text(report.seen.disks) or unknown, bay_of(report) or unknown
    typer.echo(say("volume-replace-disk", path=report.setting.path, volume=name, disk=disk, bay=bay) + "\n")
    write_footage(footage, zone_of(settings))
    if footage is not None and footage.held_alone:
        say_on_stderr("volume-replace-held", holds=", ".join(dict.fromkeys(each.hold for each in footage.held)))
    if footage is not None and footage.segments > footage.saved:
        say_on_stderr("volume-replace-loses", segments=footage.segments - footage.saved)
    if footage is not None and footage.saved:
        say_on_stderr("volume-replace-saved", segments=footage.saved)
    if footage is not None and footage.copies.segments:
        gib = show_number(footage.copies.bytes / (1 << 30), LANGUAGE, 1)
        say_on_stderr("volume-replace-copies", segments=footage.copies.segments, gib=gib)


def _confirm(report: VolumeReport) -> None:
    expected = word_to_type(report)
    typed = str(typer.prompt(say("ask-volume-replace", expected=expected), err=True))
    if typed.strip() != expected:
        raise NotConfirmed(expected=expected)


def _sheet(person: Person, report: VolumeReport, act: dict[str, Any], *, with_keys: bool) -> str:
    fields = {
        "origin": person.settings.system.origin,
        "disk": disks_text(report.seen.disks) or None,
        "bay": bay_of(report),
        "volume": act["volume"],
        "when": show_instant(act["ts_utc_us"], person.zone),
        "account": person.account,
        "index": act["ledger_index"],
    }
    return sheets(fields, with_keys=with_keys)


def main() -> int:
    """The command, as another program becomes it."""
    return run(app, "nvr-admin volume replace")


if __name__ == "__main__":
    raise SystemExit(main())
