"""The index follows the ledger: its cursor, its rebuild, its refusals."""

import pytest

from config.database import Location
from nvr.base.ids import CameraId
from storage.index.writer import Index, IndexAhead, Pages
from storage.ledger.entries import EntryInvalid
from storage.ledger.machine import Stop
from tests.storage.index.entries import dump, gap, leaves
from tests.storage.ledger.samples import NOW_UTC_US, hold, seal, uuid

CAMERA = CameraId("hall-1")


def pages(entries: list[tuple[int, bytes]]) -> Pages:
    return lambda first, limit: entries[first : first + limit]


def test_index_deleted_and_made_anew_has_holds_and_gaps_again(location: Location) -> None:
    entries = leaves([seal(1), gap(to_utc_us=NOW_UTC_US), hold(), seal(2)])
    index = Index(location)
    index.catch_up(4, pages(entries))
    before = dump(index)
    index.close()
    again = Index.anew(location)
    assert again.progress().applied_size == 0
    again.catch_up(4, pages(entries))
    assert dump(again) == before
    assert [scope.hold for scope in again.holds()] == [uuid(0x500)]
    assert len(again.gaps(CAMERA, 0, NOW_UTC_US)) == 1
    again.close()


def test_long_ledger_is_applied_in_pages(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.index.writer.PAGE", 3)
    entries = leaves([seal(number) for number in range(10)])
    assert index.catch_up(10, pages(entries)).applied_size == 10


def test_transaction_that_failed_moves_nothing(index: Index) -> None:
    with pytest.raises(EntryInvalid):
        index.apply([*leaves([seal(1)]), (1, b"{}")])
    assert index.progress().applied_size == 0
    assert index.segment(uuid(1)) is None


def test_hole_in_the_ledger_is_refused(index: Index) -> None:
    with pytest.raises(ValueError, match="comes before"):
        index.apply(leaves([Stop(reason="x")], first=1))


def test_ledger_that_is_an_old_copy_is_refused(index: Index) -> None:
    entries = leaves([Stop(reason="x"), Stop(reason="y")])
    index.catch_up(2, pages(entries))
    with pytest.raises(IndexAhead):
        index.catch_up(1, pages(entries))
    with pytest.raises(IndexAhead):
        index.catch_up(3, pages(entries))


def test_latest_date_of_the_ledger_is_kept_though_the_clock_went_back(index: Index) -> None:
    index.apply(leaves([Stop(reason="x")], ts_utc_us=NOW_UTC_US))
    index.apply(leaves([Stop(reason="x")], first=1, ts_utc_us=5))
    assert index.progress().ledger_utc_us == NOW_UTC_US
