"""Verifying what the system made: a bundle, a sealed segment, key records, a ledger; offline, without configuration."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from access.verification.bundle import verify_bundle
from access.verification.keyring import verify_keyring
from access.verification.ledger import verify_ledger
from access.verification.report import Report
from access.verification.segment import verify_segment
from access.verification.texts import render
from nvr.app.cli.answers import write_json
from nvr.app.cli.common import EXIT_REFUSED, ConfigOption, JsonOption, new_app, run
from nvr.app.messages import LANGUAGE, say
from nvr.base.catalogue import Language
from nvr.base.errors import Refused

_SEGMENT_SUFFIX = ".svs"
_KEYRING_SUFFIX = ".keys"
_LEDGER_NAME = "ledger.db"

FingerprintOption = Annotated[
    str | None, typer.Option(metavar="SHA256", help="Of the export key, from another source than the bundle.")
]
LogKeyOption = Annotated[
    str | None, typer.Option(metavar="SHA256", help="Of the ledger's key, from another source than the bundle.")
]


def verify(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A bundle's folder, a segment (.svs), key records (.keys), a ledger (.db)"),
    ],
    fingerprint: FingerprintOption = None,
    log_key: LogKeyOption = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,  # noqa: ARG001 -- it needs none; accepted like every command's
) -> None:
    """Check every hash, signature and proof; the exit code is 1 when one does not hold.

    Example: nvr verify /media/usb/R-2026-000123
    """
    report = _verified(path, fingerprint, log_key)
    if as_json:
        write_json(report.to_json())
    else:
        show(report)
    if not report.ok:
        raise typer.Exit(EXIT_REFUSED)


def _verified(path: Path, fingerprint: str | None, log_key: str | None) -> Report:
    if not path.exists():
        raise Refused("file-not-read", file=str(path), why=say("no-such-file"))
    if path.suffix == _SEGMENT_SUFFIX:
        return verify_segment(path)
    if path.suffix == _KEYRING_SUFFIX:
        return verify_keyring(path)
    if path.name == _LEDGER_NAME or (path / _LEDGER_NAME).exists():
        return verify_ledger(path / _LEDGER_NAME if path.is_dir() else path, log_key=log_key)
    return verify_bundle(path, fingerprint=fingerprint, log_key=log_key)


def show(report: Report, language: Language = LANGUAGE) -> None:
    """The report for a person."""
    sys.stdout.write(f"{render(report, language)}\n")


def main() -> int:
    """`nvr verify`, as a program of its own."""
    app = new_app()
    app.command()(verify)
    return run(app, "nvr verify")


if __name__ == "__main__":
    raise SystemExit(main())
