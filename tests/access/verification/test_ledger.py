"""A ledger is checked as a whole, read only, by anyone."""

import sqlite3
from pathlib import Path

import pytest

from access.verification.ledger import verify_ledger
from access.verification.report import Report
from nvr.base.ids import uuid7
from storage.ledger.entries import Actor, decode
from storage.ledger.machine import Body, Open, Release
from storage.ledger.people import Grant, Revoke
from storage.ledger.reader import LedgerReader
from storage.ledger.tables import LedgerUnavailable
from tests.access.footage import SET_HASH, START_UTC_US, Town

GRANT = f"{'0' * 12}7{'0' * 3}8{'0' * 15}"


@pytest.fixture
def ledger(town: Town) -> Path:
    """The database of a ledger with some acts."""
    for _ in range(4):
        town.grant(START_UTC_US, START_UTC_US + 1)
    return town.directory / "ledger" / "ledger.db"


def found_in(report: Report) -> set[str]:
    return {found.id for found in report.findings}


def break_ledger(path: Path, statement: str) -> None:
    """What one with the database in his hands can do: drop the triggers, then write."""
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_good_ledger_passes(ledger: Path) -> None:
    report = verify_ledger(ledger)
    assert report.ok, report.findings
    assert [step.id for step in report.steps] == ["origin", "tree", "checkpoints", "order", "continued"]
    assert report.steps[1].facts == {"size": 13, "signed": 13}
    assert report.limits == ("ledger-rewritten-whole", "log-not-pinned")


def test_pinned_key_is_compared(ledger: Path) -> None:
    fingerprint = str(verify_ledger(ledger).steps[0].facts["fingerprint"])
    assert verify_ledger(ledger, log_key=fingerprint).limits == ("ledger-rewritten-whole",)
    assert found_in(verify_ledger(ledger, log_key="0" * 64)) == {"other-key"}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE entry SET leaf = CAST(replace(leaf, 'durand', 'dupont') AS BLOB) WHERE idx = 4", "ledger-damaged"),
        ("UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND idx = 0", "ledger-damaged"),
        ("DELETE FROM entry WHERE idx = 12", "ledger-damaged"),
        ("DELETE FROM entry WHERE idx = 3", "ledger-damaged"),
        ("UPDATE checkpoint SET note = replace(note, 'scelle', 'autre') WHERE size = 4", "note-invalid"),
        (
            "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 5) WHERE size = 4",
            "checkpoint-differs",
        ),
        ("DELETE FROM entry WHERE idx = 0", "log-entry-missing"),
    ],
    ids=["entry", "node", "cut", "hole", "checkpoint", "moved checkpoint", "no log"],
)
def test_changed_ledger_is_told(ledger: Path, statement: str, told: str) -> None:
    break_ledger(ledger, statement)
    assert told in found_in(verify_ledger(ledger))


def test_checkpoints_are_read_in_order_and_not_asked_for_at_every_size(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    real = LedgerReader.checkpoint

    def counted(reader: LedgerReader, size: int | None = None) -> str | None:
        asked.append(size)
        return real(reader, size)

    monkeypatch.setattr(LedgerReader, "checkpoint", counted)
    report = verify_ledger(ledger)
    assert report.ok
    assert report.steps[2].facts["checkpoints"] == 13
    assert asked == [None]


def test_checkpoint_beyond_the_end_of_the_ledger_is_told(ledger: Path) -> None:
    break_ledger(ledger, "UPDATE checkpoint SET size = 99 WHERE size = 13")
    assert {"checkpoint-differs", "ledger-damaged"} & found_in(verify_ledger(ledger))


def test_release_without_grant_and_opening_without_release_are_told(town: Town, ledger: Path) -> None:
    town.log(Release(grant=GRANT, set=SET_HASH.hex(), segs=()))
    assert found_in(verify_ledger(ledger)) == {"entry-out-of-order"}
    other = GRANT.replace("8", "9")
    town.log(Open(grant=other, seats=(1,), segs=0, records=0))
    told = [found.fields["index"] for found in verify_ledger(ledger).findings]
    assert told == [13, 14]


def test_what_follows_a_revocation_or_a_reopening_without_a_release_is_told(town: Town, ledger: Path) -> None:
    release = town.grant(START_UTC_US, START_UTC_US + 1)
    entry = decode(town.store.entry(release.grant.grant_index)).body
    assert isinstance(entry, Grant)
    assert verify_ledger(ledger).ok

    def act(body: Body) -> int:
        return town.log(body, actor=Actor(id="valideur", role="validator"), act=uuid7(town.clock.utc_us()))

    opening = Open(grant=entry.grant, seats=(1,), segs=0, records=0)
    act(entry.model_copy(update={"reopens": release.grant.grant_index}))
    early = town.log(opening)
    town.log(Release(grant=entry.grant, set=SET_HASH.hex(), segs=()))
    town.log(opening)
    act(Revoke(grant=entry.grant, reason="0" * 64))
    late = [town.log(Release(grant=entry.grant, set=SET_HASH.hex(), segs=())), act(entry)]
    stranger = act(Revoke(grant=GRANT, reason="0" * 64))
    told = [found.fields["index"] for found in verify_ledger(ledger).findings]
    assert told == [early, *late, stranger]


def test_clock_that_went_back_is_told_and_no_fault(town: Town, ledger: Path) -> None:
    town.clock.step_utc(-5_000_000)
    town.grant(START_UTC_US, START_UTC_US + 1)
    report = verify_ledger(ledger)
    assert report.ok
    assert report.steps[3].facts["clock_went_back"] == 3


def test_absent_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable):
        verify_ledger(tmp_path / "ledger.db")
