"""Two cameras fill a real, small disk, and room comes back: run by `test_full_disk` where it may be mounted."""

import os
import sys
import threading
from pathlib import Path
from typing import Final

from nvr.app.roles.volumes import VolumeRouter
from nvr.base.ids import BootId, CameraId, uuid7
from nvr.base.units import UtcUs
from storage.keyring import KeyringReader, KeyringWriter, create_place
from storage.records import GapCause
from storage.sealing import SealerIdentity
from storage.svs1.layout import RecordHead, RecordType
from storage.svs1.scan import scan
from storage.volume import Volume, create_volume
from storage.volume_writer import VolumeWriter
from tests.recorder.fakes import Gap
from tests.recorder.line import FPS, Lines
from tests.storage.sealed import NOW_US, ORIGIN, Told, custodians, opened_file

FILLER_BYTES: Final = 96 << 20
RESERVE_BYTES: Final = 8 << 20
GROUP_BYTES: Final = 1_000_000
MOST_SECONDS: Final = 120
NAMES: Final = (CameraId("north"), CameraId("south"))


class SmallDisk:
    """A volume that fills a file system of its own, with two cameras, and something else that takes room."""

    def __init__(self, folder: Path) -> None:
        self.filler = folder / "disk" / "filler"
        with self.filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, FILLER_BYTES)
        self.places = [folder / "keys-a", folder / "keys-b"]
        for place in self.places:
            create_place(place)
        self.volume: Volume = create_volume(folder / "disk", ORIGIN, now_utc_us=NOW_US)
        self.told = Told()
        self.lines = Lines()
        self._wrote = threading.Event()
        self.looked = threading.Event()
        self.told.on_record = self._wrote.set
        identity = SealerIdentity(ORIGIN, BootId(uuid7(NOW_US)), "scelle 0.1", custodians().set)
        self.writer = VolumeWriter(
            self.volume,
            0,
            identity=identity,
            keyring=KeyringWriter(self.places, 0, self.lines.clock),
            events=self.told,
            pool=self.lines.pool,
            reserve_bytes=RESERVE_BYTES,
            sync_interval_s=0.05,
        )
        router = VolumeRouter([self.writer])
        router.cameras(self.lines.add(name, router, group_bytes=GROUP_BYTES).entry for name in NAMES)
        self.writer.start()

    def play(self, seconds: int) -> None:
        """Simulated seconds; the disk gets the time that they do not take."""
        self.lines.play(seconds, after_each=self.settle)

    def settle(self) -> None:
        while self.writer.statistics().queue.items:
            self._wrote.wait(0.05)
            self._wrote.clear()

    def gaps(self, camera: CameraId) -> list[Gap]:
        return [gap for gap in self.lines.events.of(camera) if gap.cause is GapCause.FULL and gap.to_utc_us is not None]

    def heads(self, camera: CameraId) -> list[RecordHead]:
        """The groups of the camera that are sealed, each of which opens with the custodians' keys."""
        heads = []
        keys = KeyringReader(self.places)
        for sealed in self.told.sealed_segments:
            if sealed.camera == camera:
                path = self.volume.sealed_path(camera, sealed.start_utc_us, sealed.segment)
                found = scan(path)
                assert found.closed, f"{path} has no index"
                assert len(opened_file(path, sealed, keys, custodians())) == sealed.records - 1
                heads += [head for head in found.heads if head.type is RecordType.GOP]
        return sorted(heads, key=lambda head: head.start_utc_us)


def main(folder: Path) -> None:
    """Fill, wait, make room, go on; whatever is not as it should be raises."""
    disk = SmallDisk(folder)
    reserve = disk.volume.growing_directory(0) / "reserve"
    assert reserve.stat().st_blocks * 512 >= RESERVE_BYTES
    seconds = 0
    while not all(any(gap.to_utc_us is None for gap in disk.lines.events.of(name)[1:]) for name in NAMES):
        disk.play(1)
        seconds += 1
        assert seconds < MOST_SECONDS, "the disk did not fill"
    assert not reserve.exists()
    assert disk.writer.full
    assert disk.writer.lost is None
    disk.play(5)
    disk.filler.unlink()
    while not disk.writer.in_service:
        disk.looked.wait(0.01)  # for a round of the sync thread
    disk.play(10)
    disk.lines.end()
    assert disk.writer.stop(drain=True)
    assert reserve.exists()
    assert disk.told.failures == []
    assert disk.told.losses == []
    for name in NAMES:
        _assert_all_is_sealed_but_the_gap(disk, name)


def _assert_all_is_sealed_but_the_gap(disk: SmallDisk, camera: CameraId) -> None:
    heads = disk.heads(camera)
    acknowledged = {record.start_utc_us for record in disk.told.records if record.camera == camera}
    assert acknowledged == {head.start_utc_us for head in heads}
    (gap,) = disk.gaps(camera)
    before = [head for head in heads if head.start_utc_us < gap.from_utc_us]
    after = [head for head in heads if head.start_utc_us >= gap.from_utc_us]
    assert abs(before[-1].end_utc_us - gap.from_utc_us) <= 1
    assert after[0].start_utc_us == gap.to_utc_us
    lost_s = round((UtcUs(gap.to_utc_us or 0) - gap.from_utc_us) / 1_000_000)
    assert 5 <= lost_s <= 8, lost_s
    assert sum(head.packet_count for head in heads) == disk.lines.lines[camera].sent - lost_s * FPS


if __name__ == "__main__":
    main(Path(sys.argv[1]))
