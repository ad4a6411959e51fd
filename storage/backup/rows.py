"""Rows carried from one database into another of the same tables, whatever holds either, and compared there."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import Connection, MetaData, RowMapping, Table, insert, select, tuple_

_PAGE_ROWS: Final = 1000
"""So many are in memory at once."""


class RowsDiffer(Exception):
    """What was written does not come back as it was read; `table` names the first that differs."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


def carry(source: Connection, target: Connection, tables: MetaData) -> None:
    """Write every row of the source into the target, whose tables are empty, and read all of it back.

    What is read is of one instant if the source's transaction is; nothing is committed here.

    Raises:
        RowsDiffer: the target gives back something else.
        DBAPIError: either database refuses.
    """
    for table in tables.sorted_tables:  # a row after those that it refers to
        for page in _pages(source, table):
            target.execute(insert(table), [dict(row) for row in page])
    demand_same(source, target, tables)


def demand_same(one: Connection, other: Connection, tables: MetaData) -> None:
    """Check that both hold the same rows.

    Raises:
        RowsDiffer: they do not.
        DBAPIError: either database refuses.
    """
    for table in tables.sorted_tables:
        if any(a != b for a, b in zip_longest(_rows(one, table), _rows(other, table))):
            raise RowsDiffer(table.name)


def has_rows(connection: Connection, tables: Sequence[Table]) -> bool:
    """Whether there is any row in any of them. Raises DBAPIError: the database refuses."""
    return any(connection.execute(select(1).select_from(table).limit(1)).first() for table in tables)


def _rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    return (tuple(row.values()) for page in _pages(connection, table) for row in page)


def _pages(connection: Connection, table: Table) -> Iterator[Sequence[RowMapping]]:
    """By the key: both databases order texts by their bytes."""
    keys = list(table.primary_key)
    question = select(table).order_by(*keys).limit(_PAGE_ROWS)
    page = connection.execute(question).mappings().all()
    while page:
        yield page
        behind = tuple_(*keys) > tuple_(*(page[-1][key.name] for key in keys))
        page = connection.execute(question.where(behind)).mappings().all()
