"""The first migration of the index."""

from sqlalchemy import inspect

from config.database import Location
from storage.index.database import open_database


def test_new_index_has_applied_nothing(location: Location) -> None:
    engine = open_database(location)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM progress").all() == [(1, 0, 0, 0, None)]
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() is not None
        names = inspect(connection).get_table_names()
    engine.dispose()
    assert {"segment", "gap", "hold_scope", "camera", "authorisation", "boot"} <= set(names)
