from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

from storage.register.database import open_database
from storage.register.tables import Table


def test_migrations_end_at_the_schema_that_the_program_uses(tmp_path: Path) -> None:
    migrated = open_database(tmp_path / "migrated.db")
    with migrated.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    made = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    Table.metadata.create_all(made)
    assert difference == []
    assert _checks(migrated) == _checks(made)
    migrated.dispose()
    made.dispose()


def _checks(engine: Engine) -> dict[str, list[tuple[str | None, str]]]:
    return {
        table: sorted((check["name"], check["sqltext"]) for check in inspect(engine).get_check_constraints(table))
        for table in Table.metadata.tables
    }
