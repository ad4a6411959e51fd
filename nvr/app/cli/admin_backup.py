"""`nvr-admin backup`, `backup-key`, `restore`: on the files themselves, by whoever may read or write all of them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console
from rich.progress import Progress

import nvr
from config.load import config_file, load, parse
from nvr.app.cli.answers import write_json
from nvr.app.cli.common import ConfigOption, JsonOption, abort_on_no, new_app, run, settings_of
from nvr.app.cli.files import read_file, write_new_file
from nvr.app.messages import say
from nvr.base.clock import SystemClock
from nvr.base.errors import ConfigError, Refused
from storage.backup import small
from storage.backup.age import BackupDamaged, identities_of, new_identity
from storage.backup.folder import create_folder
from storage.backup.layout import CONFIGURATION, Layout
from storage.backup.making import Told, make_backup, prune
from storage.backup.planning import plan
from storage.backup.reading import Found, read_set
from storage.backup.restoring import RestoreReport, open_state, refuse_founded, restore

app = new_app("Backups and restores.")

_KEY_MODE = 0o600
_CONFIG_MODE = 0o640
_MIB = 2**20

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; nothing is written.")]


@app.command("backup")
def backup(
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="On the medium; else `backup.directory` of the configuration")
    ] = None,
    config: ConfigOption = None,
    *,
    new: Annotated[bool, typer.Option("--new", help="Begin a new medium: the folder is empty or missing.")] = False,
    only_prune: Annotated[
        bool, typer.Option("--prune", help="Make none; only remove what the server has destroyed.")
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Copy everything but the footage to a medium, encrypted, while everything runs; old keys there are removed.

    Example: nvr-admin backup /media/backup
    """
    layout = _layout(config)
    at = _directory(layout, directory)
    if dry_run:
        found = plan(layout, at)
        _show(
            as_json,
            asdict(found),
            say("backup-plan", **_sizes(found.bytes, found.free_bytes), key_files=found.key_files),
        )
        return
    if new:
        create_folder(at, layout.settings.system.origin)
        _tell(as_json, say("backup-begun", directory=at, origin=layout.settings.system.origin))
    if only_prune:
        names = prune(layout, at, SystemClock())
        said = say("backup-removed", names=", ".join(names)) if names else say("backup-nothing-removed")
        _show(as_json, {"removed": names}, said)
        return
    with _working() as told:
        made = make_backup(layout, at, SystemClock(), sw=f"scelle {nvr.__version__}", told=told)
    total = sum(part.bytes for part in (*made.manifest.parts, *made.keys.parts))
    answer = {
        "set": str(made.path),
        "ledger_size": made.manifest.ledger.size,
        "key_files": len(made.keys.parts),
        "bytes": total,
        "degraded": made.manifest.degraded,
        "removed": made.removed,
    }
    lines = [
        say(
            "backup-made",
            set=made.path,
            ledger_size=answer["ledger_size"],
            key_files=answer["key_files"],
            **_sizes(total),
        )
    ]
    lines += [say("backup-degraded", place=place) for place in made.manifest.degraded]
    _show(as_json, answer, "\n".join(lines))


@app.command("backup-key")
def backup_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The identity to make; it must not exist")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,  # noqa: ARG001 -- it needs none; accepted like every command's
) -> None:
    """Make the identity that opens backups, on another machine than the server; its recipient is printed.

    Example: nvr-admin backup-key /media/usb/backup.key
    """
    identity, recipient = new_identity()
    write_new_file(file, f"# {recipient}\n{identity}\n".encode(), _KEY_MODE)
    _show(as_json, {"file": str(file), "recipient": recipient}, say("backup-key-made", file=file, recipient=recipient))


@app.command("restore")
def restore_(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the backups on the medium")],
    identity: Annotated[Path, typer.Option(metavar="FILE", help="The identity out of the safe")],
    name: Annotated[str | None, typer.Option("--set", metavar="NAME", help="Another set than the newest")] = None,
    config: ConfigOption = None,
    *,
    dry_run: DryRunOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup onto an empty server, and say what is missing. All roles are stopped; volumes stay as they are.

    A configuration that stands there already is used in place of the backup's: for other paths on a new machine.

    Example: nvr-admin restore /media/backup --identity /media/usb/backup.key
    """
    identities = identities_of(read_file(identity).decode("utf-8", "replace"))
    found = read_set(directory, name)
    state = open_state(found, identities)
    file = config_file(config, os.environ).absolute()
    text = _configuration(file, state)
    settings = load(file, {}) if file.exists() else parse(text, file)
    layout = Layout(settings, file)
    refuse_founded(layout, found)
    _tell(as_json, say("restore-shown", **_shown(found)))
    if dry_run:
        _show(as_json, _shown(found), "")
        return
    if not yes:
        abort_on_no("ask-restore")
    with _working() as told:
        report = restore(layout, found, identities, state, SystemClock(), told)
    _show(as_json, _shown(found) | asdict(report), "\n".join(_report(report)))


def _configuration(file: Path, state: dict[str, small.Owned]) -> str:
    one = state.get(CONFIGURATION)
    if one is None or one.content is None:
        raise BackupDamaged(part=CONFIGURATION, why="not in the backup")
    try:
        return one.content.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(file=str(file), why="not UTF-8") from error


def _layout(config: Path | None) -> Layout:
    settings = settings_of(config)
    return Layout(settings, settings.file or config_file(config, os.environ))


def _directory(layout: Layout, given: Path | None) -> Path:
    directory = given or layout.settings.backup.directory
    if directory is None:
        raise Refused("backup-no-folder", directory="-", why="none is given, and none is configured")
    return directory.absolute()


def _shown(found: Found) -> dict[str, object]:
    der = found.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "set": found.at.name,
        "origin": found.manifest.origin,
        "size": found.manifest.ledger.size,
        "made_utc_us": found.manifest.made_utc_us,
        "fingerprint": sha256(der).hexdigest(),
    }


def _report(report: RestoreReport) -> Iterator[str]:
    yield say("restore-done", size=report.ledger_size, last_utc_us=report.last_utc_us, **asdict(report.keys))
    for volume, count in report.unknown.items():
        if count:
            yield say("restore-unknown", volume=volume, count=count)
    for volume, why in report.volumes_out.items():
        yield say("restore-volume-out", volume=volume, why=why)


def _sizes(size: int, free: int | None = None) -> dict[str, str]:
    sizes = {"size": f"{-(-size // _MIB)} MiB"}
    return sizes if free is None else sizes | {"free": f"{free // _MIB} MiB"}


def _show(as_json: bool, value: object, text: str) -> None:  # noqa: FBT001 -- as the option is
    if as_json:
        write_json(value)
    elif text:
        sys.stdout.write(f"{text}\n")


def _tell(as_json: bool, text: str) -> None:  # noqa: FBT001 -- as the option is
    (sys.stderr if as_json else sys.stdout).write(f"{text}\n")


@contextmanager
def _working() -> Iterator[Told]:
    """Shows how far it is; what a disk refuses is told in words. Raises Refused (`backup-disk`)."""
    try:
        with _progress() as told:
            yield told
    except OSError as error:
        raise Refused("backup-disk", file=error.filename, why=error.strerror or str(error)) from error


@contextmanager
def _progress() -> Iterator[Told]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")

        def told(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield told


def main() -> int:
    """These commands, as a program of its own."""
    return run(app, "nvr-admin")


if __name__ == "__main__":
    raise SystemExit(main())
