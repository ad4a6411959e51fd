"""A disk that hangs: seconds cost nothing, a minute costs its own cameras that minute, and memory stays bounded."""

import threading
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from config.model import Recorder as RecorderSettings
from nvr.app.roles.volumes import VolumeRouter
from nvr.base.ids import BootId, CameraId, uuid7
from nvr.base.units import UtcUs
from recorder.gop import MAX_RECORD_BYTES
from storage.keyring import KeyringWriter, create_place
from storage.records import GapCause
from storage.sealing import SealerIdentity
from storage.svs1.layout import RecordHead, RecordType
from storage.svs1.scan import scan
from storage.volume import Volume, create_volume
from storage.volume_writer import VolumeWriter
from tests.recorder.line import FPS, Lines
from tests.storage.sealed import NOW_US, ORIGIN, Told, custodians
from tests.storage.stalling import StallingDisk

CAMERAS = 3
GROUP_BYTES = 100_000
QUEUE_BYTES = 4 * CAMERAS * (GROUP_BYTES + 3000)
"""4 s of its cameras: what DESIGN.md promises of each volume's queue."""
BETWEEN_BYTES = 4 << 20
"""What the recorder and this test hold beside the queue: open records, buffers at rest, the simulation itself."""


class Disk:
    """A volume, its writer, and the cameras that it is home to."""

    def __init__(self, folder: Path, name: str, keyring: KeyringWriter, lines: Lines) -> None:
        self.volume: Volume = create_volume(folder / name, ORIGIN, now_utc_us=NOW_US)
        self.told = Told()
        self._wrote = threading.Event()
        self.told.on_record = self._wrote.set
        identity = SealerIdentity(
            origin=ORIGIN, boot=BootId(uuid7(NOW_US)), software="scelle 0.1", custodians=custodians().set
        )
        self.writer = VolumeWriter(
            self.volume,
            0,
            identity=identity,
            keyring=keyring,
            events=self.told,
            pool=lines.pool,
            queue_bytes=QUEUE_BYTES,
        )

    def settle(self) -> None:
        """Wait until the writer has taken what was handed to it."""
        while self.writer.statistics().queue.items:
            self._wrote.wait(0.05)
            self._wrote.clear()

    def heads(self, camera: CameraId) -> list[RecordHead]:
        """The groups of pictures of this camera that are sealed here, by time."""
        found = [scan(path) for path in self.volume.path.glob(f"segments/{camera}/*/*.svs")]
        for each in found:
            assert each.closed
            assert each.header.start_utc_us == next(h for h in each.heads if h.type is RecordType.GOP).start_utc_us
        groups = [head for each in found for head in each.heads if head.type is RecordType.GOP]
        return sorted(groups, key=lambda head: head.start_utc_us)


class City:
    """Three cameras on each of two disks, of which the first may hang."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.lines = Lines()
        places = [folder / "keys-a", folder / "keys-b"]
        for place in places:
            create_place(place)
        keyring = KeyringWriter(places, 0, self.lines.clock)
        self.disks = [Disk(folder, name, keyring, self.lines) for name in ("sick", "sound")]
        self.sick, self.sound = self.disks
        self.stall = StallingDisk(patch, self.sick.volume.path)
        router = VolumeRouter([disk.writer for disk in self.disks])
        lines = [
            self.lines.add(f"cam-{number}", router, group_bytes=GROUP_BYTES, segment_s=20)
            for number in range(2 * CAMERAS)
        ]
        router.cameras(line.entry for line in lines)
        for disk in self.disks:
            disk.writer.start()

    def play(self, seconds: int, *, stalled: bool = False) -> None:
        """Simulated seconds; real disks are given the time that simulated ones do not take."""
        waits_for = [self.sound] if stalled else self.disks

        def settle() -> None:
            for disk in waits_for:
                disk.settle()

        self.lines.play(seconds, after_each=settle)

    def end(self) -> None:
        self.lines.end()
        for disk in self.disks:
            assert disk.writer.stop(drain=True)
            assert disk.writer.lost is None
            assert disk.told.failures == []
            assert disk.told.losses == []

    def cameras(self, disk: Disk) -> list[CameraId]:
        return sorted({sealed.camera for sealed in disk.told.sealed_segments})

    def gaps(self, camera: CameraId) -> list[tuple[UtcUs, UtcUs | None]]:
        """Of the cause `fell behind`; the others are those of beginning and end."""
        own = self.lines.events.of(camera)
        assert {gap.cause for gap in own if gap.detail} == {GapCause.SILENT}
        return [(gap.from_utc_us, gap.to_utc_us) for gap in own if gap.cause is GapCause.FELL_BEHIND]

    def assert_undisturbed(self, disk: Disk) -> None:
        """Every picture that was sent is sealed, without a hole and without a gap."""
        assert len(self.cameras(disk)) == CAMERAS
        for camera in self.cameras(disk):
            heads = disk.heads(camera)
            assert sum(head.packet_count for head in heads) == self.lines.lines[camera].sent
            assert sum(head.lost for head in heads) == 0
            assert all(abs(after.start_utc_us - before.end_utc_us) <= 1 for before, after in pairwise(heads))
            assert self.gaps(camera) == []
            assert self.lines.lines[camera].recording.totals.dropped == 0
        assert disk.writer.statistics().queue.refused == 0


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    made = City(tmp_path, monkeypatch)
    yield made
    made.stall.release()
    for disk in made.disks:
        disk.writer.stop(drain=False)


def test_queue_of_a_volume_holds_four_seconds_of_the_whole_city_as_it_is_set() -> None:
    assert RecorderSettings().queue_mib << 20 >= 4 * 113 * 4_000_000 // 8


def test_disk_that_hangs_for_three_seconds_costs_no_packet(city: City) -> None:
    city.play(10)
    city.stall.hold()
    city.play(3, stalled=True)
    assert city.stall.reached.wait(30)
    city.stall.release()
    city.play(10)
    city.end()
    for disk in city.disks:
        city.assert_undisturbed(disk)
        assert disk.writer.statistics().queue.peak_bytes <= QUEUE_BYTES


def test_disk_that_hangs_for_a_minute_costs_its_cameras_that_minute_and_nobody_else_anything(city: City) -> None:
    city.play(10)
    city.stall.hold()
    tracemalloc.start()
    try:
        city.play(60, stalled=True)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < QUEUE_BYTES + BETWEEN_BYTES < 60 * CAMERAS * GROUP_BYTES // 2
    city.stall.release()
    city.sick.settle()
    city.play(10)
    city.end()
    city.assert_undisturbed(city.sound)
    assert city.sick.writer.statistics().queue.peak_bytes <= QUEUE_BYTES
    cameras = city.cameras(city.sick)
    assert len(cameras) == CAMERAS
    for camera in cameras:
        _assert_minute_is_told(city, camera)


def test_camera_of_ten_times_its_bitrate_disturbs_nobody_and_memory_stays_bounded(city: City) -> None:
    city.play(5)
    city.lines.lines["cam-0"].set_bitrate(10 * GROUP_BYTES)
    tracemalloc.start()
    try:
        city.play(20)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < QUEUE_BYTES + BETWEEN_BYTES + MAX_RECORD_BYTES < 20 * 10 * GROUP_BYTES
    city.lines.lines["cam-0"].set_bitrate(GROUP_BYTES)
    city.play(5)
    city.end()
    for disk in city.disks:
        city.assert_undisturbed(disk)
        assert disk.writer.statistics().queue.peak_bytes <= QUEUE_BYTES


def test_camera_of_ten_times_its_bitrate_fills_no_more_than_the_queue_of_a_disk_that_hangs(city: City) -> None:
    mad = city.lines.lines["cam-0"]
    mad.set_bitrate(10 * GROUP_BYTES)
    city.play(5)
    city.stall.hold()
    city.play(20, stalled=True)
    city.stall.release()
    city.sick.settle()
    city.play(5)
    city.end()
    (home,) = [disk for disk in city.disks if "cam-0" in city.cameras(disk)]
    assert home.writer.statistics().queue.peak_bytes <= QUEUE_BYTES
    city.assert_undisturbed(city.sound)


def _assert_minute_is_told(city: City, camera: CameraId) -> None:
    """One gap from the first group that found no room to the first that did; whole groups on either side."""
    ((begin, end),) = city.gaps(camera)
    assert end is not None
    heads = city.sick.heads(camera)
    before = [head for head in heads if head.start_utc_us < begin]
    after = [head for head in heads if head.start_utc_us >= begin]
    assert abs(before[-1].end_utc_us - begin) <= 1
    assert after[0].start_utc_us == end
    seconds = round((end - begin) / 1_000_000)
    assert 54 <= seconds <= 60  # what the queue held, some seconds, is sealed
    for part in (before, after):
        assert all(abs(later.start_utc_us - earlier.end_utc_us) <= 1 for earlier, later in pairwise(part))
    line = city.lines.lines[camera]
    assert sum(head.packet_count for head in heads) == line.sent - seconds * FPS
    assert line.recording.totals.dropped == seconds
