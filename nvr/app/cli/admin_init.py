"""`nvr-admin init`: a new system, from nothing, with the roles at rest."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from config.load import DEFAULT_FILE, config_file, parse
from config.model import Preset, Settings
from nvr.app.cli.common import ConfigOption, abort_on_no, new_app, run, secret
from nvr.app.cli.files import write_new_file
from nvr.app.configfile import Choices, render
from nvr.app.envelopes import write_envelopes
from nvr.app.first_account import FirstAccount, make_first_account
from nvr.app.founding import QUORUMS, found, on_one_disk, refuse_what_exists, refuse_without_witness, undo
from nvr.app.messages import say
from nvr.app.pins import PinFile
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from nvr.base.ids import account_id
from storage.durable import make_directory
from storage.ledger.store import read_log_key
from storage.vault.seats import SignedSet

_CONFIG_MODE = 0o640
_PLACES = 2

_DatabasePasswordOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Holds the password of both, where the server asks for one")
]


def init(  # noqa: PLR0913 -- a parameter is an option
    *,
    config: ConfigOption = None,
    origin: Annotated[str | None, typer.Option(help="Name of this system for good: a host name of the town")] = None,
    preset: Annotated[Preset | None, typer.Option(help="Who must agree to an opening; `strict` is for later")] = None,
    volumes: Annotated[list[str] | None, typer.Option("--volume", metavar="NAME=DIR", help="Repeat for each")] = None,
    places: Annotated[list[Path] | None, typer.Option("--keyring-place", metavar="DIR", help="Two of them")] = None,
    envelopes: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to write the envelopes")] = None,
    admin: Annotated[str | None, typer.Option(metavar="ACCOUNT", help="The first administrator's account")] = None,
    person: Annotated[str | None, typer.Option(help="The first administrator's first and last name")] = None,
    service: Annotated[str | None, typer.Option(help="The first administrator's service")] = None,
    designation: Annotated[str | None, typer.Option(help="The act that designates the administrator")] = None,
    new_password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line is the administrator's password")
    ] = None,
    root: Annotated[Path | None, typer.Option(metavar="DIR", help="Put everything under it, for a trial")] = None,
    timezone: Annotated[str, typer.Option(help="Local time of the cameras")] = "Europe/Paris",
    index: Annotated[
        str | None, typer.Option(metavar="URL", help="PostgreSQL for the index, in place of a file")
    ] = None,
    register: Annotated[str | None, typer.Option(metavar="URL", help="The same for the register")] = None,
    database_password_file: _DatabasePasswordOption = None,
    segment_seconds: Annotated[int | None, typer.Option(help="Length of a segment")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the console")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Found a system: configuration, keys, provisional custodian set, ledger, first administrator.

    Nothing that exists is overwritten, and what fails is undone.
    Each keyring place belongs on a disk of its own. What is not given as an option is asked for.

    Example: nvr-admin init --origin videoprotection.ville.example --preset standard --volume disk1=/srv/scelle/disk1
    --keyring-place /srv/scelle/keys1 --keyring-place /srv/scelle/keys2 --envelopes /media/usb/envelopes
    """
    chosen = _Asked(root)
    choices = Choices(
        origin=chosen.text("ask-origin", origin),
        timezone=timezone,
        preset=chosen.text("ask-preset", preset, default=Preset.STANDARD.value),
        volumes=[_volume(text) for text in volumes or [chosen.text("ask-volume", None)]],
        places=[place.absolute() for place in places or chosen.places()],
        paths=chosen.paths(),
        machine_key=chosen.under("/etc/scelle/machine.key"),
        more={
            "database": _given(index=index, register=register, password_file=database_password_file),
            "recorder": {} if segment_seconds is None else {"segment_seconds": segment_seconds},
            "access": {} if port is None else {"port": port},
        },
    )
    file = _config_of(config, root)
    text = render(choices)
    settings = parse(text, file)
    refuse_without_witness(settings)
    folder = (envelopes or Path(chosen.text("ask-envelopes", None))).absolute()
    first = FirstAccount(
        account=account_id(chosen.text("ask-admin", admin)),
        person=chosen.text("ask-person", person),
        service=chosen.text("ask-service", service),
        designation=chosen.text("ask-designation", designation),
        password=secret("ask-new-password", new_password_file, confirm=True),
    )
    first.check(SystemClock().utc_us())
    refuse_what_exists(settings, [file, folder])
    sys.stdout.write(f"{_in_plain_words(settings)}\n")
    if root is None:
        _warn_of_one_disk(settings)
    if not yes:
        abort_on_no("ask-found", file=file)
    make_directory(file.parent)
    try:
        write_new_file(file, text.encode(), _CONFIG_MODE)
        pages = _found(settings, folder)
        asyncio.run(make_first_account(settings, SystemClock(), first))
    except BaseException:
        undo(settings, [file, folder])
        raise
    told = say("founded", file=file, envelopes=folder, pages=len(pages), account=first.account)
    sys.stdout.write(f"{told}\n")


class _Asked:
    """What options did not say: asked for, or derived from the root of a trial."""

    def __init__(self, root: Path | None) -> None:
        self._root = None if root is None else root.absolute()

    def text(self, question_id: str, given: str | None, *, default: str | None = None) -> str:
        return given if given is not None else str(typer.prompt(say(question_id), default=default, err=True))

    def places(self) -> list[Path]:
        return [Path(self.text("ask-keyring-place", None)) for _ in range(_PLACES)]

    def under(self, path: str) -> Path:
        return Path(path) if self._root is None else self._root / path.lstrip("/")

    def paths(self) -> dict[str, Path]:
        return {
            "state": self.under("/var/lib/scelle"),
            "runtime": self.under("/run/scelle"),
            "secrets": self.under("/var/lib/scelle/secrets/cameras.json"),
        }


def _given(**values: str | Path | None) -> dict[str, str]:
    return {key: str(value) for key, value in values.items() if value is not None}


def _config_of(given: Path | None, root: Path | None) -> Path:
    if given is None and root is not None:
        return root.absolute() / DEFAULT_FILE.relative_to("/")
    return config_file(given, os.environ).absolute()


def _volume(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise InvalidValue(field="--volume", value=text, expected="NAME=DIR, for example disk1=/srv/scelle/disk1")
    return name, Path(path).absolute()


def _in_plain_words(settings: Settings) -> str:
    quorum = QUORUMS[settings.system.preset]
    words = say(f"preset-{settings.system.preset}", m=quorum.m, n=quorum.n)
    return f"{words}\n{say('live-warning')}"


def _warn_of_one_disk(settings: Settings) -> None:
    for place, other in on_one_disk(settings):
        sys.stderr.write(f"{say('keys-on-one-disk', place=place, other=other)}\n")


def _found(settings: Settings, folder: Path) -> list[Path]:
    made = found(settings, SystemClock().utc_us())
    public = read_log_key(settings.paths.ledger).public_key().public_bytes_raw()
    custodians = SignedSet.parse(settings.paths.custodians.read_bytes()).set
    return write_envelopes(folder, made, PinFile(settings.system.origin, public, (custodians.hash,)))


def main() -> int:
    """`nvr-admin init`, as a program of its own."""
    app = new_app()
    app.command()(init)
    return run(app, "nvr-admin init")


if __name__ == "__main__":
    raise SystemExit(main())
