"""Reading a ledger beside its writer, on a copy, and on a database that is broken."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.units import UtcUs
from storage.ledger.entries import build
from storage.ledger.machine import Missing
from storage.ledger.reader import DATABASE_NAME, LedgerDamaged, LedgerReader
from storage.ledger.store import Leaf, Ledger, create_ledger
from storage.ledger.tables import LedgerUnavailable
from tests.storage.ledger.samples import NOW_UTC_US, uuid

ORIGIN = "ville.example/scelle/1"


def grown(directory: Path, count: int) -> Ledger:
    create_ledger(directory, ORIGIN, UtcUs(NOW_UTC_US))
    ledger = Ledger(directory, ORIGIN)
    bodies = [Missing(seg=uuid(n), camera="a", start_utc_us=1, end_utc_us=2, why="x") for n in range(count)]
    ledger.append_groups([[Leaf.of(build(body, ts_utc_us=NOW_UTC_US)) for body in bodies]])
    return ledger


def test_copy_without_the_key_is_checked_by_the_public_key_alone(tmp_path: Path) -> None:
    ledger = grown(tmp_path / "ledger", 9)
    ledger.sign()
    public = Ed25519PublicKey.from_public_bytes(ledger.public_key_raw)
    ledger.close()
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "ledger" / DATABASE_NAME, tmp_path / "copy")
    reader = LedgerReader(tmp_path / "copy" / DATABASE_NAME)
    signed = reader.verify(public)
    assert signed is not None
    assert (signed.size, signed.root) == (10, reader.root(10))
    reader.close()


def test_reader_sees_what_was_appended_since_it_was_opened(tmp_path: Path) -> None:
    ledger = grown(tmp_path, 1)
    reader = LedgerReader(tmp_path / DATABASE_NAME)
    body = Missing(seg=uuid(9), camera="a", start_utc_us=1, end_utc_us=2, why="x")
    ledger.append_groups([[Leaf.of(build(body, ts_utc_us=NOW_UTC_US))]])
    assert reader.size() == 3
    reader.close()
    ledger.close()


def test_ledger_shorter_than_its_checkpoint_is_damaged(tmp_path: Path) -> None:
    ledger = grown(tmp_path, 5)
    ledger.sign()
    public = Ed25519PublicKey.from_public_bytes(ledger.public_key_raw)
    ledger.close()
    connection = sqlite3.connect(tmp_path / DATABASE_NAME)
    connection.executescript("DROP TRIGGER entry_DELETE; DELETE FROM entry WHERE idx > 3")
    connection.close()
    reader = LedgerReader(tmp_path / DATABASE_NAME)
    with pytest.raises(LedgerDamaged):
        reader.verify(public)
    reader.close()


def test_broken_database_is_unavailable_and_not_a_traceback_of_sqlite(tmp_path: Path) -> None:
    ledger = grown(tmp_path, 5)
    ledger.close()
    connection = sqlite3.connect(tmp_path / DATABASE_NAME)
    connection.executescript("DROP TABLE entry")
    connection.close()
    reader = LedgerReader(tmp_path / DATABASE_NAME)
    with pytest.raises(LedgerUnavailable):
        reader.size()
    reader.close()


def test_every_checkpoint_is_given_once_by_size_across_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.ledger.reader._PAGE", 2)
    ledger = grown(tmp_path, 0)
    first = [size for size, _ in ledger.checkpoints()]
    for number in range(5):
        body = Missing(seg=uuid(number), camera="a", start_utc_us=1, end_utc_us=2, why="x")
        ledger.append_groups([[Leaf.of(build(body, ts_utc_us=NOW_UTC_US))]])
        ledger.sign()
    told = list(ledger.checkpoints())
    assert [size for size, _ in told] == sorted({*first, *range(2, 7)})
    assert all(note == ledger.checkpoint(size) for size, note in told)
    ledger.close()
