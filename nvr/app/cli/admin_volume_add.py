"""`nvr-admin volume add`: one more disk takes footage, checked before anything is written."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from config.model import Settings
from config.model import Volume as VolumeSetting
from nvr.app.cli.admin_volume import DryRunOption, YesOption, say_on_stderr, tables_of
from nvr.app.cli.answers import write_json
from nvr.app.cli.common import ConfigOption, JsonOption, abort_on_no, new_app, run, settings_of
from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.app.volumes.adding import Candidate, CanNotAdd, breaks_promises, faults, warnings
from nvr.app.volumes.candidate import candidate_at, least_bytes, places_of, system_disk, volumes_of
from nvr.app.volumes.mounts import mounts
from nvr.app.volumes.waiting import is_left, takes, wait
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from storage.volume import IDENTITY_NAME, Volume, create_volume, open_volume

app = new_app()


@app.command()
def volume_add(  # noqa: PLR0913 -- a parameter is an option
    path: Annotated[Path, typer.Argument(help="Where the disk is mounted")],
    config: ConfigOption = None,
    bay: Annotated[str | None, typer.Option(help="Where it sits, as the server's front says it")] = None,
    name: Annotated[str | None, typer.Option(help="As people call it; else the last part of the path")] = None,
    budget_gib: Annotated[
        int | None, typer.Option(min=1, max=1_048_576, help="With --evidence: so much the copies may take")
    ] = None,
    *,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="It takes no recording, and a second copy of what holds keep")
    ] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a mounted disk a volume, write it into the configuration, and wait until recorders use it.

    A disk of this system that was away is taken as it is, with its footage.

    Example: nvr-admin volume add /srv/scelle/disk3 --bay 3
    """
    settings = settings_of(config)
    if budget_gib is not None and not evidence:
        raise InvalidValue(field="--budget-gib", value=budget_gib, expected="--evidence with it")
    setting = _setting(path, name, bay, evidence=evidence, budget_gib=budget_gib)
    tables = tables_of(settings)
    candidate = _checked(settings, setting.path, evidence=evidence)
    tables.check_can_add(setting)
    if not yes and not dry_run:
        abort_on_no("ask-volume-add", path=setting.path, name=setting.name)
    answer: dict[str, Any] = {"path": str(setting.path), "name": setting.name, "bay": bay, "done": not dry_run}
    known = candidate.identity is not None
    if not dry_run:
        volume = _made(settings, candidate)
        tables.add(setting)
        left = wait(settings, setting.path, is_left if evidence else takes, SystemClock())
        answer |= {"volume": volume.id, "known_before": known, "waits_for": left}
        if left:
            say_on_stderr("volume-recorders-left", shards=", ".join(map(str, left)))
    if as_json:
        write_json(answer)
    elif dry_run:
        typer.echo(say("volume-add-dry", path=setting.path, name=setting.name))
    else:
        told = "evidence-added" if evidence else "volume-back" if known else "volume-added"
        typer.echo(say(told, path=setting.path, volume=answer["volume"]))


def _setting(path: Path, name: str | None, bay: str | None, *, evidence: bool, budget_gib: int | None) -> VolumeSetting:
    """The table to come. Raises InvalidValue: its name or bay can not stand in one."""
    at = path.absolute()
    try:
        return VolumeSetting(name=name or at.name.lower(), path=at, bay=bay, evidence=evidence, budget_gib=budget_gib)
    except ValueError as error:
        expected = "a --name of a-z 0-9 _ . -, and a --bay of at most 32 characters"
        raise InvalidValue(field="volume", value=name or at.name, expected=expected) from error


def _checked(settings: Settings, path: Path, *, evidence: bool) -> Candidate:
    """What there is, with nothing against it. Raises CanNotAdd, which names all that is."""
    mounted = mounts()
    candidate, least = candidate_at(path, mounted), least_bytes(settings, evidence=evidence)
    volumes = volumes_of(settings, mounted)
    found = faults(candidate, settings.system.origin, system_disk(mounted), volumes, least)
    if found:
        kind = "" if candidate.mount is None else candidate.mount.kind
        lacks = breaks_promises(kind)
        told = {
            "path": path,
            "kind": kind,
            "lacks": None if lacks is None else say(lacks),
            "least_gib": show_number(least / (1 << 30), LANGUAGE, 1),
            "origin": None if candidate.identity is None else candidate.identity.origin,
            "fault": None if candidate.identity is None else candidate.identity.fault,
        }
        raise CanNotAdd(path=str(path), why=" ".join(say(f"volume-add-{each}", **told) for each in found))
    for warning in warnings(candidate, places_of(settings, mounted)):
        say_on_stderr(warning.id, **warning.fields)
    return candidate


def _made(settings: Settings, candidate: Candidate) -> Volume:
    """The volume, made if it is none yet, of the same owner as the others: the recorders write there."""
    path, origin = candidate.path, settings.system.origin
    if candidate.identity is not None:
        return open_volume(path, origin)
    volume = create_volume(path, origin, now_utc_us=SystemClock().utc_us())
    for other in settings.volume:
        with suppress(FileNotFoundError):
            status = (other.path / IDENTITY_NAME).stat()
            for made in (path, path / IDENTITY_NAME, path / "growing", path / "segments"):
                os.chown(made, status.st_uid, status.st_gid)
            break
    return volume


def main() -> int:
    """The command, as another program becomes it."""
    return run(app, "nvr-admin volume add")


if __name__ == "__main__":
    raise SystemExit(main())
