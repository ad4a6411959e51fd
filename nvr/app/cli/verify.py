"""Verifying what the system made: a bundle, a sealed segment, a ledger; offline, without configuration."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from access.verification.bundle import verify_bundle
from access.verification.ledger import verify_ledger
from access.verification.report import Outcome, Report
from access.verification.segment import verify_segment
from nvr.app.cli.common import EXIT_REFUSED, JsonOption, LangOption, write_json
from nvr.app.messages import say
from nvr.base.errors import Refused

_SEGMENT_SUFFIX = ".svs"
_LEDGER_NAME = "ledger.db"

FingerprintOption = Annotated[
    str | None, typer.Option(metavar="SHA256", help="Of the export key, from another source than the bundle.")
]
LogKeyOption = Annotated[
    str | None, typer.Option(metavar="SHA256", help="Of the ledger's key, from another source than the bundle.")
]


def verify(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A bundle's folder, a segment (.svs), a ledger (.db)")],
    fingerprint: FingerprintOption = None,
    log_key: LogKeyOption = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = None,  # noqa: ARG001 -- nvr.app.messages reads it before anything else
) -> None:
    """Check every hash, signature and proof; the exit code is 1 when one does not hold.

    Example: nvr verify /media/usb/R-2026-000123
    """
    report = _verified(path, fingerprint, log_key)
    if as_json:
        write_json(report.to_json())
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(EXIT_REFUSED)


def _verified(path: Path, fingerprint: str | None, log_key: str | None) -> Report:
    if not path.exists():
        raise Refused("file-not-read", file=str(path), why=say("no-such-file"))
    if path.suffix == _SEGMENT_SUFFIX:
        return verify_segment(path)
    if path.name == _LEDGER_NAME or (path / _LEDGER_NAME).exists():
        return verify_ledger(path / _LEDGER_NAME if path.is_dir() else path, log_key=log_key)
    return verify_bundle(path, fingerprint=fingerprint, log_key=log_key)


def _show(report: Report) -> None:
    table = Table("", report.kind, "")
    for step in report.steps:
        facts = ", ".join(f"{key} {value}" for key, value in step.facts.items())
        table.add_row(str(step.number), step.id, f"{step.outcome.value}  {facts}")
    Console().print(table)
    for found in report.findings:
        fields = ", ".join(f"{key} {value}" for key, value in found.fields.items())
        sys.stdout.write(f"{found.file}: {say(found.id, **found.fields)} {fields}\n")
    for limit in report.limits:
        sys.stdout.write(f"{say(limit)}\n")
    failed = sum(step.outcome is not Outcome.GOOD for step in report.steps)
    sys.stdout.write(f"{say('verified' if report.ok else 'not-verified', path=report.path, failed=failed)}\n")
