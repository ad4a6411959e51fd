"""A register with rows in every table, whatever tables there are by now."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Connection, Engine, Integer, String, event, insert, select

from config.database import Location
from storage.register.database import open_database
from storage.register.tables import Table

TABLES: Final = Table.metadata
LARGE: Final = 2**62


def fill(place: Location) -> None:
    """Two rows in each table that takes two: one with all its values, one without those that may be missing."""
    engine = open_database(place)
    with engine.begin() as connection:
        for table in TABLES.sorted_tables:
            for number in range(1 if table.name == "progress" else 2):
                row = {column.name: _value(column, number) for column in table.columns}
                connection.execute(insert(table), row | _known(table.name, number))
    engine.dispose()


def contents(place: Location) -> dict[str, list[Any]]:
    """Every row of every table."""
    engine = open_database(place)
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in TABLES.sorted_tables
        }
    engine.dispose()
    return found


def at_first_insert(table: str, dialect: str, work: Callable[[], object]) -> AbstractContextManager[None]:
    """Do this once, just before the first row of the table is written into a database of the dialect."""
    return _at_first("before_cursor_execute", f"INSERT INTO {table} ", dialect, work)


def at_first_question(table: str, work: Callable[[], object]) -> AbstractContextManager[None]:
    """Do this once, just after the server was first asked for what this table holds."""
    return _at_first("after_cursor_execute", f"SELECT {table}.", "postgresql", work)


@contextmanager
def _at_first(when: str, what: str, dialect: str, work: Callable[[], object]) -> Iterator[None]:
    done: list[bool] = []

    def look(connection: Connection, _: object, statement: str, *__: object) -> None:
        if statement.startswith(what) and connection.dialect.name == dialect and not done:
            done.append(True)
            work()

    event.listen(Engine, when, look)
    try:
        yield
        assert done
    finally:
        event.remove(Engine, when, look)


def _value(column: Column[Any], number: int) -> object:
    if column.foreign_keys or (column.primary_key and isinstance(column.type, String)):
        return f"{number} é'\\\"\n"
    if column.nullable and number == 1:
        return None
    if isinstance(column.type, JSON):
        return {"é": [1, 0.1, None, True], "a": {"b": LARGE}}
    if isinstance(column.type, Boolean):
        return number == 0
    if isinstance(column.type, String):
        return f"{column.name} {number}"
    assert isinstance(column.type, Integer)
    return number + 1 + LARGE * column.name.startswith(("to_", "until_", "retention_"))


def _known(table: str, number: int) -> dict[str, object]:
    """What a table asks for beyond the kinds of its columns."""
    if table == "act" and number == 0:
        return {"row": LARGE, "proposal": None}
    if table == "act":
        return {"row": 2, "proposal": {}}
    return {"state": "received"} if table == "requisition" else {}
