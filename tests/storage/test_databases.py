"""What index and register share, whichever database holds them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from config.database import Location
from nvr.base.units import UtcUs
from storage import databases
from storage.database_faults import Fault
from storage.databases import Schema
from tools.postgresql_server import Server

ENV = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
"""
WHOLE = """
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.execute("CREATE TABLE first (x INTEGER PRIMARY KEY)")
    op.execute("INSERT INTO first VALUES (1)")
"""


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)
    (tmp_path / "versions" / "0001.py").write_text(WHOLE)
    return Schema(tmp_path, (), ())


def test_migration_that_was_cut_short_leaves_nothing(location: Location, schema: Schema) -> None:
    (schema.migrations / "versions" / "0001.py").write_text(f'{WHOLE}    raise RuntimeError("the process dies here")\n')
    with pytest.raises(RuntimeError):
        databases.open_for_writing(location, schema)
    (schema.migrations / "versions" / "0001.py").write_text(WHOLE)
    engine = databases.open_for_writing(location, schema)
    assert "first" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.system("postgresql")
def test_migration_is_durable_where_rows_need_not_be(postgresql: Server, schema: Schema) -> None:
    told = "CREATE TABLE told AS SELECT current_setting('synchronous_commit') AS commits"
    (schema.migrations / "versions" / "0001.py").write_text(f'{WHOLE}    op.execute("{told}")\n')
    engine = databases.open_for_writing(
        postgresql.fresh(), Schema(schema.migrations, (), ("synchronous_commit = off",))
    )
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT commits FROM told").scalar() == "on"
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off"
    engine.dispose()


def test_reader_writes_nothing(location: Location, schema: Schema) -> None:
    databases.open_for_writing(location, schema).dispose()
    reader = databases.open_for_reading(location)
    assert reader is not None
    with reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT x FROM first").scalar() == 1
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            connection.exec_driver_sql("DELETE FROM first")
    reader.dispose()


def test_what_is_set_aside_is_there_under_the_name_that_was_said(location: Location, schema: Schema) -> None:
    databases.open_for_writing(location, schema).dispose()
    aside = databases.set_aside(location, UtcUs(7))
    assert not databases.exists(location)
    place = location.with_name(aside) if isinstance(location, Path) else type(location)(location.url, aside)
    assert databases.exists(place)


def test_two_databases_do_not_meet(new_location: Callable[[], Location], schema: Schema) -> None:
    first, second = new_location(), new_location()
    databases.open_for_writing(first, schema).dispose()
    assert not databases.exists(second)
    databases.remove(second)
    assert databases.exists(first)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [("SELECT nothing FROM nowhere", Fault.MISFIT), ("INSERT INTO first VALUES (1)", Fault.PROGRAM)],
)
def test_error_means_the_same_on_both(location: Location, schema: Schema, statement: str, fault: Fault) -> None:
    engine = databases.open_for_writing(location, schema)
    with engine.connect() as connection, pytest.raises(DBAPIError) as error:
        connection.exec_driver_sql(statement)
    engine.dispose()
    assert databases.fault_of(error.value) is fault
    assert "\n" not in databases.words_of(error.value)
