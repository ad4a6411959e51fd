"""What index and register share of SQLite."""

from pathlib import Path

import pytest
from sqlalchemy import inspect

from storage.sqlite import engine_at, upgrade

ENV = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
"""
HALF = """
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.execute("CREATE TABLE first (x INTEGER)")
    op.execute("INSERT INTO first VALUES (1)")
    raise RuntimeError("the process dies here")
"""


def test_migration_that_was_cut_short_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)
    (tmp_path / "versions" / "0001.py").write_text(HALF)
    engine = engine_at(tmp_path / "some.db", ())
    with pytest.raises(RuntimeError), engine.begin() as connection:
        upgrade(connection, tmp_path)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_every_connection_has_the_pragmas(tmp_path: Path) -> None:
    engine = engine_at(tmp_path / "some.db", ["PRAGMA user_version = 7"])
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA user_version").scalar() == 7
    engine.dispose()
