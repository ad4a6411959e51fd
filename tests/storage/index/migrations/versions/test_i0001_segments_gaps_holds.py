"""The first migration of the index."""

from pathlib import Path

from storage.index.database import open_database


def test_new_index_has_applied_nothing(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "index.db")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM progress").all() == [(1, 0, 0, 0)]
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    engine.dispose()
    assert {"segment", "gap", "hold_scope", "camera", "authorisation", "boot"} <= set(names)
