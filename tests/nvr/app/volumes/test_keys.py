"""A disk takes no key with it that is nowhere else: real places, with real key records."""

from pathlib import Path

import pytest

from config.model import Volume
from nvr.app.volumes.keys import KeyPlaces, KeysOnDisk, places_on, refuse_without_keys
from nvr.app.volumes.mounts import Mount
from nvr.app.volumes.overview import VolumeReport
from nvr.app.volumes.seen import VolumeSeen
from storage.index.writer import Index
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import seal
from tests.storage.sealed import CAMERA, Recorder, footage, segment_start

DISK = Path("/srv/disk1")
MOUNTS = [
    Mount(Path("/"), "ext4", "/dev/sda1", "8:1"),
    Mount(DISK, "xfs", "/dev/sdb1", "8:17"),
    Mount(Path("/srv/keys1"), "xfs", "/dev/sdb1", "8:17"),
]


def report(why: str | None = None) -> VolumeReport:
    setting = Volume(name="disk1", path=DISK)
    return VolumeReport(setting, VolumeSeen("v", why, (), None), {}, keeper=None, footage=None)


def test_places_below_a_volume_leave_with_it_dead_or_alive() -> None:
    places = [DISK / "keys", Path("/var/keys")]
    for why in (None, "Input/output error"):
        assert places_on(report(why), places, MOUNTS) == KeyPlaces([places[0]], [places[1]])


def test_place_on_the_system_disk_does_not_leave_with_a_disk_that_is_not_mounted() -> None:
    unmounted = [mount for mount in MOUNTS if mount.point != DISK]
    places = [Path("/var/keys")]
    assert places_on(report("no such file"), places, unmounted) == KeyPlaces([], places)


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Recorder, Path]:
    """One segment, with its key in both places, and an index that knows it."""
    recorder = Recorder(tmp_path)
    recorder.writer = recorder.new_writer()
    recorder.writer.start()
    recorder.record(segment_start(0), footage(0, packets=2, size=50))
    recorder.writer.stop(drain=True)
    (sealed,) = recorder.told.sealed_segments
    body = seal(1, camera=CAMERA, start_utc_us=sealed.start_utc_us).model_copy(update={"seg": sealed.segment})
    index = Index(tmp_path / "index.db")
    index.apply(leaves([body]))
    index.close()
    return recorder, tmp_path / "index.db"


def test_place_may_leave_when_the_other_has_every_key(recorded: tuple[Recorder, Path]) -> None:
    recorder, index = recorded
    leaving, staying = recorder.places
    refuse_without_keys(DISK, KeyPlaces([leaving], [staying]), index)


def test_place_may_not_leave_when_the_other_lacks_a_key_or_is_away(recorded: tuple[Recorder, Path]) -> None:
    recorder, index = recorded
    leaving, staying = recorder.places
    (keys,) = staying.glob("*/*.keys")
    keys.rename(keys.with_suffix(".gone"))
    with pytest.raises(KeysOnDisk, match="1 keys are missing"):
        refuse_without_keys(DISK, KeyPlaces([leaving], [staying]), index)
    staying.rename(staying.with_name("away"))
    with pytest.raises(KeysOnDisk, match="No such file"):
        refuse_without_keys(DISK, KeyPlaces([leaving], [staying]), index)
    with pytest.raises(KeysOnDisk, match="no other place"):
        refuse_without_keys(DISK, KeyPlaces([leaving], []), index)


def test_index_that_can_not_be_read_lets_no_place_leave(recorded: tuple[Recorder, Path]) -> None:
    recorder, index = recorded
    with pytest.raises(KeysOnDisk):
        refuse_without_keys(DISK, KeyPlaces([recorder.places[0]], [recorder.places[1]]), index.with_name("none"))
    refuse_without_keys(DISK, KeyPlaces([], recorder.places), index.with_name("none"))
