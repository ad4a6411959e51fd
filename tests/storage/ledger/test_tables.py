"""The ledger's database: which files it opens, and that it promises durability."""

from pathlib import Path

import pytest

from storage.ledger.tables import LedgerUnavailable, connect, create_database


def test_commits_are_synced(tmp_path: Path) -> None:
    create_database(tmp_path / "ledger.db")
    connection = connect(tmp_path / "ledger.db", read_only=False)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


def test_making_it_again_changes_nothing(tmp_path: Path) -> None:
    create_database(tmp_path / "ledger.db")
    create_database(tmp_path / "ledger.db")
    connection = connect(tmp_path / "ledger.db", read_only=True)
    assert connection.execute("SELECT count(*) FROM entry").fetchone() == (0,)
    connection.close()


def test_absent_foreign_or_newer_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable):
        connect(tmp_path / "absent.db", read_only=True)
    (tmp_path / "text.db").write_text("not a database" * 1000)
    with pytest.raises(LedgerUnavailable):
        connect(tmp_path / "text.db", read_only=True)
    with pytest.raises(LedgerUnavailable):
        create_database(tmp_path / "no" / "folder.db")
    create_database(tmp_path / "newer.db")
    connection = connect(tmp_path / "newer.db", read_only=False)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(LedgerUnavailable):
        connect(tmp_path / "newer.db", read_only=False)
