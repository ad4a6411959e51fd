from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from config.database import Location
from storage import databases
from storage.register.database import SCHEMA, open_database
from storage.register.tables import Table


def test_migrations_end_at_the_schema_that_the_program_uses(
    location: Location, new_location: Callable[[], Location], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated = open_database(location)
    with migrated.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    monkeypatch.setattr(databases, "upgrade", lambda connection, _: Table.metadata.create_all(connection))
    made = databases.open_for_writing(new_location(), SCHEMA)
    assert difference == []
    assert _checks(migrated) == _checks(made)
    migrated.dispose()
    made.dispose()


def _checks(engine: Engine) -> dict[str, list[tuple[str | None, str]]]:
    return {
        table: sorted((check["name"], check["sqltext"]) for check in inspect(engine).get_check_constraints(table))
        for table in Table.metadata.tables
    }
