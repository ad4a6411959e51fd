"""The stretches of an index that is older than they are."""

import pytest
from sqlalchemy import select

from config.database import Location
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.index.migrations.versions import i0006_stretches
from storage.index.tables import STRETCH
from storage.index.writer import Index
from storage.ledger.machine import Expire, Seal
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import NOW_UTC_US, seal, uuid

MIDNIGHT = NOW_UTC_US - NOW_UTC_US % US_PER_DAY


def piece(number: int, from_s: float, to_s: float, camera: str = "hall-1") -> Seal:
    start, end = (MIDNIGHT + int(second * US_PER_SECOND) for second in (from_s, to_s))
    return seal(number, camera, start).model_copy(update={"end_utc_us": end})


STORY = [
    piece(1, -10, 0),
    piece(2, 0, 10),
    piece(3, 11, 20),
    piece(4, 12, 15),
    piece(5, 21.5, 30),
    piece(6, 0, 5, "other"),
    piece(7, 5, 9, "other"),
    piece(8, 9, 12, "other"),
    Expire(segs=(uuid(7),), reason="cap", deadline_utc_us=1),
]


def test_older_index_gets_the_stretches_that_a_new_one_has(location: Location) -> None:
    index = Index(location)
    index.apply(leaves(STORY))
    with index._engine.begin() as connection:
        before = connection.execute(select(STRETCH).order_by("camera", "from_utc_us")).all()
        assert len(before) == 5
        connection.exec_driver_sql("DELETE FROM stretch")
        connection.exec_driver_sql(i0006_stretches.DERIVE)
        assert connection.execute(select(STRETCH).order_by("camera", "from_utc_us")).all() == before
    index.close()


@pytest.mark.parametrize("column", ["shard", "records"])
def test_number_as_great_as_an_entry_may_hold_is_kept(location: Location, column: str) -> None:
    index = Index(location)
    index.apply(leaves([piece(1, 0, 10).model_copy(update={column: 2**53 - 1})]))
    row = index.segment(uuid(1))
    assert getattr(row, column) == 2**53 - 1
    index.close()
