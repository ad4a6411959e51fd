"""How much holds keep: hold by hold, and of times that nobody holds yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.index.held import kept_by_hold, kept_bytes
from storage.index.writer import Index
from storage.ledger.machine import Missing
from tests.storage.index.entries import leaves
from tests.storage.index.test_on_volume import HOLD, MINUTE_US, SEALS, segment
from tests.storage.ledger.samples import NOW_UTC_US, uuid


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.db")
    yield opened
    opened.close()


def test_each_hold_is_told_with_all_that_it_touches_and_what_two_hold_is_told_twice(index: Index) -> None:
    whole = HOLD.model_copy(update={"hold": uuid(0x501), "cameras": ("hall-1", "gare"), "from_utc_us": NOW_UTC_US})
    over = HOLD.model_copy(update={"hold": uuid(0x502), "until_utc_us": NOW_UTC_US})
    index.apply(leaves([*SEALS, HOLD, whole, over]))
    kept = index.answer(lambda connection: kept_by_hold(connection, NOW_UTC_US))
    assert kept == {HOLD.hold: 20 + 40, whole.hold: 10 + 20 + 40 + 50}


def test_long_segment_that_began_before_the_hold_is_kept_and_lost_footage_takes_no_room(index: Index) -> None:
    long = segment(9, -20)
    long = long.model_copy(update={"end_utc_us": NOW_UTC_US + MINUTE_US + 1})
    lost = SEALS[1]
    missing = Missing(
        seg=lost.seg, camera=lost.camera, why="gone", start_utc_us=lost.start_utc_us, end_utc_us=lost.end_utc_us
    )
    index.apply(leaves([*SEALS, long, HOLD, missing]))
    assert index.answer(lambda connection: kept_by_hold(connection, NOW_UTC_US)) == {HOLD.hold: 90 + 40}


def test_times_of_several_cameras_are_summed_whoever_holds_them(index: Index) -> None:
    index.apply(leaves(SEALS))
    ninth = NOW_UTC_US + 9 * MINUTE_US
    times = {
        "hall-1": [(NOW_UTC_US, NOW_UTC_US + 1), (ninth, ninth)],
        "gare": [(NOW_UTC_US, ninth)],
        "nobody": [(0, ninth)],
    }
    assert index.answer(lambda connection: kept_bytes(connection, times)) == 10 + 30 + 50
    assert index.answer(lambda connection: kept_bytes(connection, {})) == 0
