"""Index or register in a SQLite file."""

import sqlite3
from pathlib import Path

import pytest

from nvr.base.units import UtcUs
from storage import sqlite
from storage.database_faults import Fault
from storage.durable import remove_file


def test_every_connection_has_the_pragmas(tmp_path: Path) -> None:
    engine = sqlite.writing_engine(tmp_path / "folder" / "some.db", ["PRAGMA user_version = 7"])
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA user_version").scalar() == 7
    engine.dispose()


def test_set_aside_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"x")
    (tmp_path / "index.db-wal").write_bytes(b"y")
    aside = sqlite.set_aside(tmp_path / "index.db", UtcUs(7))
    assert sorted(path.name for path in tmp_path.iterdir()) == [aside, f"{aside}-wal"]


def test_removed_with_its_log_and_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in sqlite.files_of(tmp_path / "index.db")[:2]:
        file.write_bytes(b"x")
    removed: list[str] = []

    def noted(path: Path) -> bool:
        removed.append(path.name)
        return remove_file(path)

    monkeypatch.setattr("storage.sqlite.remove_file", noted)
    sqlite.remove(tmp_path / "index.db")
    assert removed == ["index.db", "index.db-wal", "index.db-shm"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (sqlite3.SQLITE_CORRUPT | 1 << 8, Fault.DAMAGED),
        (sqlite3.SQLITE_NOTADB, Fault.DAMAGED),
        (sqlite3.SQLITE_FULL, Fault.UNAVAILABLE),
        (sqlite3.SQLITE_BUSY, Fault.UNAVAILABLE),
        (sqlite3.SQLITE_IOERR, Fault.UNAVAILABLE),
        (sqlite3.SQLITE_ERROR, Fault.MISFIT),
    ],
)
def test_error_means_what_its_code_says(code: int, fault: Fault) -> None:
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = code
    assert sqlite.fault_of(error) is fault


def test_rows_that_break_a_rule_are_a_fault_of_the_program() -> None:
    assert sqlite.fault_of(sqlite3.IntegrityError()) is Fault.PROGRAM
