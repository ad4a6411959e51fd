"""How much footage touches given times, whoever holds it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.index.held import kept_bytes
from storage.index.writer import Index
from storage.ledger.machine import Missing
from tests.storage.index.entries import leaves
from tests.storage.index.test_on_volume import HOLD, MINUTE_US, SEALS, segment
from tests.storage.ledger.samples import NOW_UTC_US


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.db")
    yield opened
    opened.close()


def test_long_segment_that_began_before_is_counted_and_lost_footage_takes_no_room(index: Index) -> None:
    long = segment(9, -20)
    long = long.model_copy(update={"end_utc_us": NOW_UTC_US + MINUTE_US + 1})
    lost = SEALS[1]
    missing = Missing(
        seg=lost.seg, camera=lost.camera, why="gone", start_utc_us=lost.start_utc_us, end_utc_us=lost.end_utc_us
    )
    index.apply(leaves([*SEALS, long, missing]))
    times = {camera: [(HOLD.from_utc_us, HOLD.to_utc_us)] for camera in HOLD.cameras}
    assert index.answer(lambda connection: kept_bytes(connection, times)) == 90 + 40


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
