"""Rows that are carried into another database are there what they were, and what is not is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    Table,
    event,
    insert,
    select,
)

from config.database import Location
from storage import databases
from storage.backup import rows
from storage.backup.rows import RowsDiffer, carry, demand_same, has_rows
from storage.databases import Schema

TABLES = MetaData()
# By name the child would come first.
CHILD = Table("a_child", TABLES, Column("one", String, primary_key=True), Column("of", ForeignKey("parent.grant")))
PARENT = Table(
    "parent",
    TABLES,
    Column("grant", String, primary_key=True),
    Column("whole", BigInteger),
    Column("part", Float),
    Column("yes", Boolean),
    Column("raw", LargeBinary),
    Column("said", JSON(none_as_null=True)),
)
ROWS: list[dict[str, Any]] = [
    {
        "grant": "A",
        "whole": 2**63 - 1,
        "part": 0.1,
        "yes": True,
        "raw": b"\0\xff",
        "said": {"é": [1, None, "\n"], "a": {}},
    },
    {"grant": "a", "whole": -(2**63), "part": -0.0, "yes": False, "raw": b"", "said": []},
    {"grant": "É'\"\\", "whole": None, "part": None, "yes": None, "raw": None, "said": None},
]
CHILDREN: list[dict[str, Any]] = [{"one": "x", "of": "É'\"\\"}, {"one": "y", "of": None}]


@pytest.fixture
def opened(new_location: Callable[[], Location], tmp_path: Path) -> Iterator[tuple[Connection, Connection]]:
    """Two databases of one kind with the tables, the first of them with rows."""
    schema = Schema(tmp_path, ("PRAGMA foreign_keys = ON",), ())
    with ExitStack() as stack:
        both = []
        for _ in range(2):
            engine = databases.writing_engine(new_location(), schema)
            stack.callback(engine.dispose)
            connection = stack.enter_context(engine.connect())
            TABLES.create_all(connection)
            both.append(connection)
        one, other = both
        one.execute(insert(PARENT), ROWS)
        one.execute(insert(CHILD), CHILDREN)
        yield one, other


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_values_of_every_kind_are_what_they_were(
    opened: tuple[Connection, Connection], page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = opened
    monkeypatch.setattr(rows, "_PAGE_ROWS", page)
    carry(one, other, TABLES)
    assert [dict(row) for row in other.execute(select(PARENT).order_by(PARENT.c.grant)).mappings()] == ROWS
    assert [dict(row) for row in other.execute(select(CHILD)).mappings()] == CHILDREN


def test_row_that_is_missing_added_or_changed_is_told(opened: tuple[Connection, Connection]) -> None:
    one, other = opened
    carry(one, other, TABLES)
    for change in (
        CHILD.delete().where(CHILD.c.one == "y"),
        CHILD.insert().values(one="z"),
        CHILD.update().where(CHILD.c.one == "y").values(of="a"),
    ):
        with other.begin_nested() as undone:
            other.execute(change)
            for a, b in pairwise((one, other, one)):
                with pytest.raises(RowsDiffer, match="a_child"):
                    demand_same(a, b, TABLES)
            undone.rollback()
    demand_same(one, other, TABLES)


def test_database_that_keeps_something_else_is_not_believed(opened: tuple[Connection, Connection]) -> None:
    one, other = opened

    def spoil(connection: Connection, _: object, statement: str, *__: object) -> None:
        if statement.startswith("INSERT INTO a_child"):
            connection.execute(PARENT.update().values(whole=1))

    event.listen(other, "after_cursor_execute", spoil)
    with pytest.raises(RowsDiffer, match="parent"):
        carry(one, other, TABLES)


def test_one_row_in_any_table_is_found(opened: tuple[Connection, Connection]) -> None:
    _, other = opened
    assert not has_rows(other, TABLES.sorted_tables)
    other.execute(insert(CHILD), CHILDREN[1:])
    assert has_rows(other, TABLES.sorted_tables)
