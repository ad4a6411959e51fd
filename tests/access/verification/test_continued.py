"""A ledger that a restore cut says so when it is checked, and a declaration of what is not so is found."""

import base64
from pathlib import Path

import pytest

from access.verification.ledger import verify_ledger
from access.verification.texts import render
from nvr.base.units import UtcUs
from storage.ledger.entries import build
from storage.ledger.machine import Stop
from storage.ledger.note import Checkpoint, sign_checkpoint
from storage.ledger.people import Continue
from storage.ledger.store import Leaf, Ledger, create_ledger
from tests.storage.ledger.samples import NOW_UTC_US, OFFICER, hash_of, uuid

ORIGIN = "ville.example/scelle/2026"


def cut_ledger(directory: Path, **other: object) -> Path:
    """A ledger of three entries and a `continue`, with these values of it changed."""
    create_ledger(directory, ORIGIN, UtcUs(NOW_UTC_US))
    ledger = Ledger(directory, ORIGIN)
    ledger.append_groups([[Leaf.of(build(Stop(reason=str(at)), ts_utc_us=NOW_UTC_US))] for at in range(2)])
    values = {
        "size": 3,
        "root": ledger.root(3).hex(),
        "kept": ledger.sign(),
        "seen": sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), ledger._key),
        "from_utc_us": NOW_UTC_US,
        "to_utc_us": NOW_UTC_US,
        "backup_utc_us": None,
        "reason": hash_of(1),
    }
    body = Continue.model_validate(values | other)
    ledger.append_groups([[Leaf.of(build(body, ts_utc_us=NOW_UTC_US, actor=OFFICER, act=uuid(1)))]])
    ledger.close()
    return directory / "ledger.db"


def test_declared_break_is_good_and_said(tmp_path: Path) -> None:
    report = verify_ledger(cut_ledger(tmp_path))
    assert report.ok, report.findings
    said = {"kept": 3, "lost_to": 9, "by": OFFICER.id, "at_utc_us": NOW_UTC_US}
    assert report.steps[-1].facts == {**said, "breaks": 1, "continued": [said]}
    assert "ledger-was-restored" in report.limits
    assert f"kept 3, lost_to 9, by {OFFICER.id}" in render(report, "en")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"size": 2}, "continue-misplaced"),
        ({"root": hash_of(9)}, "continue-misplaced"),
        ({"seen": f"{ORIGIN}\n9\n{base64.b64encode(bytes(32)).decode()}\n\n"}, "continue-unsigned"),
    ],
    ids=["size", "root", "unsigned"],
)
def test_declaration_of_what_is_not_so_is_found(tmp_path: Path, other: dict[str, object], told: str) -> None:
    report = verify_ledger(cut_ledger(tmp_path, **other))
    assert told in {found.id for found in report.findings}
