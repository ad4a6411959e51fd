from pathlib import Path

import pytest

from nvr.base.errors import ConfigError
from storage.register.database import open_database


def test_file_that_is_no_database_is_refused_with_its_name(path: Path) -> None:
    path.write_text("not a database, and long enough that SQLite looks at it" * 100)
    with pytest.raises(ConfigError) as refusal:
        open_database(path)
    assert refusal.value.fields["file"] == str(path)


def test_every_commit_reaches_the_disk(path: Path) -> None:
    engine = open_database(path)
    with engine.connect() as connection:
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    engine.dispose()
    assert values == ["wal", 2]


def test_file_of_a_newer_version_is_refused(path: Path) -> None:
    engine = open_database(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(ConfigError, match="9999"):
        open_database(path)
