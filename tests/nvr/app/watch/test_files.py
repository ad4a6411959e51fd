"""What the watch reads of a real index, and what it says where there is none."""

from pathlib import Path

import pytest

from nvr.app.watch.files import backup_seen, footage_lost, index_orders, oldest_footage, orders_seen, set_is_provisional
from nvr.app.watch.observation import BackupSeen, OrdersSeen
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.rows import Order
from storage.index.writer import Index
from storage.ledger import people
from tests.storage.index.entries import gap, leaves
from tests.storage.ledger.samples import HOUR_US, NOW_UTC_US, hash_of, seal

NOW = UtcUs(NOW_UTC_US)
CAMERA = CameraId("hall-1")
CAMERA_ADDED = people.Camera(camera="hall-1", url_hash=hash_of(6), shard=0, retention_days=None, retired=False)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "index.db"
    made = Index(path)
    gaps = [gap(1, NOW - 30 * HOUR_US, NOW - 23 * HOUR_US), gap(2, NOW - HOUR_US)]
    made.apply(leaves([CAMERA_ADDED, seal(9, start_utc_us=NOW - 40 * HOUR_US), *gaps]))
    made.close()
    return path


def test_gaps_of_the_last_day_are_counted_within_it_and_an_open_one_until_now(index: Path) -> None:
    day_ago = UtcUs(NOW - 24 * HOUR_US)
    assert footage_lost(index, [CAMERA, CameraId("other")], day_ago, NOW) == {"hall-1": 2 * HOUR_US}


def test_oldest_footage_is_the_start_of_the_oldest_segment(index: Path) -> None:
    assert oldest_footage(index) == NOW - 40 * HOUR_US
    assert index_orders(index) == OrdersSeen()


def test_without_an_index_nothing_is_known_which_is_not_nothing_lost(tmp_path: Path) -> None:
    assert footage_lost(tmp_path / "index.db", [CAMERA], NOW, NOW) is None
    assert index_orders(tmp_path / "index.db") is None
    (tmp_path / "index.db").write_bytes(b"not a database, at all" * 100)
    assert footage_lost(tmp_path / "index.db", [CAMERA], NOW, NOW) is None
    assert oldest_footage(tmp_path / "index.db") is None


def order(name: str, to_utc_us: int | None) -> Order:
    end = None if to_utc_us is None else UtcUs(to_utc_us)
    return Order(name, name, UtcUs(0), end, retention_days=30, minimum_days=None, cameras=None)


def test_last_order_counts_and_one_without_an_end_ends_never() -> None:
    assert orders_seen([order("a", 5), order("b", 9)]) == OrdersSeen(known=True, end_utc_us=UtcUs(9))
    assert orders_seen([order("a", 5), order("b", None)]) == OrdersSeen(known=True)
    assert orders_seen([]) == OrdersSeen()


def test_set_that_can_not_be_read_is_not_called_provisional(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text("{")
    assert not set_is_provisional(tmp_path / "set.json")
    assert not set_is_provisional(tmp_path / "absent.json")


def test_last_backup_is_read_and_what_is_no_note_is_none(tmp_path: Path) -> None:
    last = tmp_path / "last.json"
    assert backup_seen(last, 2) == BackupSeen(None, 2)
    for content, made in (('{"v":1,"made_utc_us":7}', 7), ("[]", None), ('{"made_utc_us":"x"}', None), ("", None)):
        last.write_text(content)
        assert backup_seen(last, 2) == BackupSeen(made if made is None else UtcUs(made), 2)
