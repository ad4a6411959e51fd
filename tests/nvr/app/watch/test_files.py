"""What the watch reads of a real index, and what it says where there is none."""

from pathlib import Path

import pytest

from config.database import Location, PostgresSchema
from config.model import Volume
from nvr.app.volumes.devices import Disk
from nvr.app.volumes.known_disks import NOTHING_KNOWN, KnownDisk, KnownVolume, store
from nvr.app.volumes.smart import Health, Verdict
from nvr.app.watch.files import (
    backup_seen,
    failing_disks,
    footage_lost,
    holds_kept,
    index_orders,
    oldest_footage,
    set_in_force,
    volume_seen,
)
from nvr.app.watch.observation import BackupSeen, SetInForce
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.writer import Index
from storage.ledger import people
from storage.vault.seats import SignedSet
from storage.volume import create_volume
from tests.storage.index.entries import gap, leaves
from tests.storage.ledger.samples import HOUR_US, NOW_UTC_US, hash_of, hold, seal
from tests.storage.sealed import custodians

NOW = UtcUs(NOW_UTC_US)
CAMERA = CameraId("hall-1")
CAMERA_ADDED = people.Camera(camera="hall-1", url_hash=hash_of(6), shard=0, retention_days=None, retired=False)


@pytest.fixture
def index(location: Location) -> Location:
    made = Index(location)
    gaps = [gap(1, NOW - 30 * HOUR_US, NOW - 23 * HOUR_US), gap(2, NOW - HOUR_US)]
    made.apply(leaves([CAMERA_ADDED, seal(9, start_utc_us=NOW - 40 * HOUR_US), *gaps]))
    made.close()
    return location


@pytest.mark.parametrize("verdict", list(Verdict))
def test_disk_that_failed_when_it_was_asked_last_is_told_with_bay_and_serial(tmp_path: Path, verdict: Verdict) -> None:
    disk = KnownDisk(Disk("sdb", "ST8000VE001", "WSD0ABCD"), Health(verdict, ("pending sectors: 8",)))
    store(tmp_path, NOTHING_KNOWN.with_volume("v1", KnownVolume("/srv/disk1", (disk,), NOW)))
    settings = [Volume(name="disk1", path=Path("/srv/disk1"), bay="3"), Volume(name="b", path=Path("/srv/b"))]
    told = {"disk1": "3, ST8000VE001 WSD0ABCD, pending sectors: 8"}
    assert failing_disks(settings, tmp_path) == (told if verdict is Verdict.FAILING else {})
    assert failing_disks(settings, tmp_path / "none") == {}


@pytest.mark.parametrize("evidence", [False, True])
def test_volume_that_is_away_or_there_is_told_for_what_it_is(tmp_path: Path, *, evidence: bool) -> None:
    setting = Volume(name="e", path=tmp_path / "e", evidence=evidence)
    away = volume_seen(setting, "test.example")
    assert (away.name, away.id, away.evidence) == ("e", None, evidence)
    assert away.why is not None
    (tmp_path / "e").mkdir()
    made = create_volume(tmp_path / "e", "test.example", now_utc_us=NOW)
    there = volume_seen(setting, "test.example")
    assert (there.id, there.why, there.evidence) == (made.id, None, evidence)
    assert 0 < there.free_bytes <= there.total_bytes


def test_gaps_of_the_last_day_are_counted_within_it_and_an_open_one_until_now(index: Location) -> None:
    day_ago = UtcUs(NOW - 24 * HOUR_US)
    assert footage_lost(index, [CAMERA, CameraId("other")], day_ago, NOW) == {"hall-1": 2 * HOUR_US}


def test_oldest_footage_is_the_start_of_the_oldest_segment(index: Location) -> None:
    assert oldest_footage(index) == NOW - 40 * HOUR_US
    assert index_orders(index) == []


def test_without_an_index_nothing_is_known_which_is_not_nothing_lost(tmp_path: Path) -> None:
    assert footage_lost(tmp_path / "index.db", [CAMERA], NOW, NOW) is None
    assert index_orders(tmp_path / "index.db") is None
    (tmp_path / "index.db").write_bytes(b"not a database, at all" * 100)
    assert footage_lost(tmp_path / "index.db", [CAMERA], NOW, NOW) is None
    assert oldest_footage(tmp_path / "index.db") is None


def test_server_that_is_away_is_an_index_of_which_nothing_is_known(tmp_path: Path) -> None:
    away = PostgresSchema(f"postgresql:///scelle?host={tmp_path}", "scelle_index", tmp_path / "no password")
    for place in (away, PostgresSchema(away.url, away.schema)):
        assert index_orders(place) is None
        assert footage_lost(place, [CAMERA], NOW, NOW) is None
        assert oldest_footage(place) is None


def test_set_that_can_not_be_read_is_not_called_provisional(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text("{")
    assert set_in_force(tmp_path / "set.json") is None
    assert set_in_force(tmp_path / "absent.json") is None


def test_set_in_force_is_known_by_its_hash(tmp_path: Path) -> None:
    made = custodians().set
    (tmp_path / "set.json").write_bytes(SignedSet(made).pack())
    assert set_in_force(tmp_path / "set.json") == SetInForce(made.hash.hex(), provisional=False)


def test_last_backup_is_read_and_what_is_no_note_is_none(tmp_path: Path) -> None:
    last = tmp_path / "last.json"
    assert backup_seen(last, 2) == BackupSeen(None, 2)
    for content, made in (('{"v":1,"made_utc_us":7}', 7), ("[]", None), ('{"made_utc_us":"x"}', None), ("", None)):
        last.write_text(content)
        assert backup_seen(last, 2) == BackupSeen(made if made is None else UtcUs(made), 2)


def test_what_holds_keep_is_read_and_unknown_without_an_index(index: Location, tmp_path: Path) -> None:
    writer = Index(index)
    held = hold().model_copy(update={"from_utc_us": NOW - 41 * HOUR_US, "to_utc_us": NOW})
    writer.apply(leaves([held], first=4))
    writer.close()
    assert holds_kept(index, NOW) == {held.hold: 150_000_000}
    assert holds_kept(tmp_path / "none", NOW) is None
