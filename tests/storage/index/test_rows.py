"""Rows of the index as plain values."""

from dataclasses import fields

import pytest
from sqlalchemy import Table

from storage.index import tables
from storage.index.rows import CameraRow, GapRow, HoldScope, Order, SegmentRow


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (tables.SEGMENT, SegmentRow),
        (tables.GAP, GapRow),
        (tables.HOLD_SCOPE, HoldScope),
        (tables.CAMERA, CameraRow),
        (tables.AUTHORISATION, Order),
    ],
)
def test_fields_are_the_columns_in_their_order(table: Table, row: type) -> None:
    assert [column.name for column in table.columns] == [field.name for field in fields(row)]
