"""Volumes that are away, come, fail and go while a shard records: real volumes and writers, and a router over them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from config.model import Volume as VolumeSetting
from nvr.app.roles.faults import Faults
from nvr.app.roles.shard_volumes import AWAY, DRAINED, ERRING, ShardVolumes
from nvr.base.clock import SimClock
from nvr.base.ids import BootId, CameraId, SegmentId, uuid7
from nvr.base.units import US_PER_SECOND
from storage import disk
from storage.keyring import KeyringReader, KeyringWriter, create_place
from storage.records import GapCause
from storage.sealing import SealerIdentity
from storage.snapshot import CameraEntry
from storage.volume import Volume, create_volume
from storage.volume_writer import VolumeWriter
from tests.storage.faulty import is_below
from tests.storage.sealed import CAMERA, NOW_US, ORIGIN, RESERVE_BYTES, Told, custodians, footage, gop, segment_start

GROUPS = footage(7, gops=4, packets=2, size=300)


create = partial(create_volume, origin=ORIGIN, now_utc_us=NOW_US)


class Shard:
    """A shard's volumes; `record` and `close` are what its camera does."""

    def __init__(self, folder: Path, names: Iterable[str] = ("a", "b")) -> None:
        self.clock, self.faults, self.told = SimClock(NOW_US), Faults(), Told()
        self.folder = folder
        places = [folder / "keys-a", folder / "keys-b"]
        for place in places:
            create_place(place)
        self.keyring = KeyringWriter(places, 0, self.clock)
        self.paths = [folder / name for name in names]
        for path in self.paths:
            if not path.exists():
                create(path)
        self.identity = SealerIdentity(ORIGIN, BootId(uuid7(NOW_US)), "scelle 0.1", custodians().set)
        self.volumes = ShardVolumes(
            self._configured,
            0,
            self.identity,
            self._writer,
            keyring=KeyringReader(places),
            sealed=self.told.sealed,
            faults=self.faults,
            clock=self.clock,
        )
        self.volumes.router.cameras([CameraEntry(CAMERA, "", 0)])
        self.drained: set[Path] = set()
        self.begun = 0
        self.open: SegmentId | None = None

    def _configured(self) -> list[VolumeSetting]:
        return [VolumeSetting(name=path.name, path=path, drain=path in self.drained) for path in self.paths]

    def _writer(self, volume: Volume) -> VolumeWriter:
        return VolumeWriter(
            volume,
            0,
            identity=self.identity,
            keyring=self.keyring,
            events=self.told,
            reserve_bytes=RESERVE_BYTES,
            sync_interval_s=0.01,
            clock=self.clock,
        )

    def record(self) -> SegmentId:
        """The camera begins a segment, and hands two records over."""
        router, start = self.volumes.router, segment_start(self.begun)
        self.begun += 1
        assert router.open_segment(start, 0)
        for number in range(2):
            router.append(start.segment, gop(number, GROUPS[number]))
        self.open = start.segment
        return start.segment

    def close(self) -> None:
        if self.open is not None:
            self.volumes.router.close_segment(self.open)
            self.open = None

    async def rotate(self, cameras: Iterable[CameraId]) -> None:
        if CAMERA in cameras:
            self.close()

    def states(self) -> dict[str, str]:
        return {Path(each["path"]).name: each["state"] for each in self.volumes.status()}

    def home(self) -> Path:
        """Where the last segment grows, or stands."""
        return self.volumes.router._homes[CAMERA].volume.path

    def sealed(self) -> set[SegmentId]:
        return {segment.segment for segment in self.told.sealed_segments}

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let simulated seconds pass, and threads work, until it is so; the test's own timeout is the bound."""
        while not holds():
            self.clock.advance(US_PER_SECOND)
            await asyncio.to_thread(lambda: None)


@pytest.fixture(autouse=True)
def _disk_of_the_tests_is_not_synced_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "syncfs", lambda _: None)


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    """Of two volumes."""
    return Shard(tmp_path)


@pytest.fixture
def small(tmp_path: Path) -> Shard:
    """Of one volume."""
    return Shard(tmp_path, ["a"])


@asynccontextmanager
async def running(shard: Shard) -> AsyncIterator[Shard]:
    await asyncio.to_thread(shard.volumes.begin)
    following = asyncio.create_task(shard.volumes.follow(shard.rotate))
    recovering = asyncio.create_task(shard.volumes.recovery.run())
    try:
        yield shard
    finally:
        following.cancel()
        shard.volumes.recovery.end()
        await recovering
        await asyncio.to_thread(shard.volumes.stop)
        await asyncio.to_thread(shard.keyring.close)
        await asyncio.gather(following, return_exceptions=True)


async def test_volume_that_goes_away_is_left_and_taken_again_with_what_grew_there(shard: Shard) -> None:
    async with running(shard):
        first = shard.record()
        home = shard.home()
        await shard.until(lambda: len(shard.told.records) == 2)
        home.rename(shard.folder / "elsewhere")
        await shard.until(lambda: shard.volumes.router.failed(first) is GapCause.DISK_LOST)
        shard.close()
        await shard.until(lambda: shard.states()[home.name] == "away" and shard.faults.holds(AWAY, home))
        shard.record()
        assert shard.home() != home
        await shard.until(lambda: len(shard.volumes.writers) == 1)
        (shard.folder / "elsewhere").rename(home)
        await shard.until(lambda: shard.states() == {"a": "in-service", "b": "in-service"})
        await shard.until(lambda: first in shard.sealed())
        assert not shard.faults.shown()
    (recovered,) = [segment for segment in shard.told.sealed_segments if segment.segment == first]
    assert (recovered.recovered, recovered.records) == (True, 3)
    assert len(shard.sealed()) == 2


async def test_recorder_begins_without_any_volume_and_records_when_one_comes(small: Shard) -> None:
    shard = small
    shard.paths[0].rename(shard.folder / "elsewhere")
    async with running(shard):
        assert shard.states() == {"a": "away"}
        assert shard.faults.holds(AWAY, shard.paths[0])
        assert shard.volumes.router.failed(shard.record()) is GapCause.DISK_LOST
        shard.close()
        (shard.folder / "elsewhere").rename(shard.paths[0])
        await shard.until(lambda: shard.states() == {"a": "in-service"})
        assert shard.volumes.router.failed(shard.record()) is None
    assert len(shard.sealed()) == 1


async def test_other_volume_in_its_place_is_not_taken_for_it(small: Shard) -> None:
    async with running(small) as shard:
        (path,) = shard.paths
        path.rename(shard.folder / "elsewhere")
        await shard.until(lambda: not shard.volumes.writers)
        await asyncio.to_thread(create, path)
        await shard.until(lambda: "is volume" in str(shard.volumes.status()[0]["reason"]))
        assert shard.states() == {"a": "away"}
        path.rename(shard.folder / "other")
        (shard.folder / "elsewhere").rename(path)
        await shard.until(lambda: shard.states() == {"a": "in-service"})


async def test_volume_whose_sync_failed_does_not_come_back_to_this_process(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(shard):
        shard.record()
        home = shard.home()
        real = disk.syncfs

        def fails(fd: int) -> None:
            if is_below(fd, str(home)):
                raise OSError(5, "Input/output error")
            real(fd)

        with monkeypatch.context() as patch:
            patch.setattr(disk, "syncfs", fails)
            await shard.until(lambda: shard.faults.holds(ERRING, home))
        shard.close()
        assert shard.states()[home.name] == "erring"
        (shown,) = [each for each in shard.volumes.status() if each["path"] == str(home)]
        assert shown["errors"] == {"write": 0, "sync": 1, "close": 0}
        # Not even where it is taken off the list, and put there again.
        shard.paths.remove(home)
        await shard.until(lambda: home.name not in shard.states())
        assert not shard.faults.shown()
        shard.paths.append(home)
        await shard.until(lambda: "when the recorder starts" in str(shard.volumes.status()[-1]["reason"]))
        assert shard.states()[home.name] == "away"


async def test_volume_that_is_removed_seals_what_grows_and_its_cameras_move_on(shard: Shard) -> None:
    async with running(shard):
        first = shard.record()
        home = shard.home()
        shard.paths.remove(home)
        await shard.until(lambda: home.name not in shard.states())
        assert shard.sealed() == {first}
        assert (shard.told.failures, shard.told.losses) == ([], [])
        assert [writer.volume.path for writer in shard.volumes.writers] == shard.paths
        shard.record()
        assert shard.home() == shard.paths[0]


async def test_drained_volume_seals_what_grows_stays_watched_and_takes_footage_again_when_it_is_undone(
    shard: Shard,
) -> None:
    async with running(shard):
        first = shard.record()
        home = shard.home()
        shard.drained.add(home)
        await shard.until(lambda: shard.states()[home.name] == "draining" and first in shard.sealed())
        assert (shard.told.failures, shard.told.losses) == ([], [])
        assert len(shard.volumes.writers) == 2
        shard.record()
        assert shard.home() != home
        (shown,) = [each for each in shard.volumes.status() if each["path"] == str(home)]
        assert (shown["reason"], shown["cameras"], shown["growing"]) == (DRAINED, [], 0)
        (other,) = [each for each in shard.volumes.status() if each["path"] != str(home)]
        assert (other["cameras"], other["growing"]) == ([CAMERA], 1)
        shard.drained.clear()
        await shard.until(lambda: shard.states() == {"a": "in-service", "b": "in-service"})


async def test_drained_volume_takes_nothing_after_a_restart_and_what_grew_there_is_recovered(small: Shard) -> None:
    shard = small
    async with running(shard):
        first = shard.record()
        await shard.until(lambda: len(shard.told.records) == 2)
        (path,) = shard.paths
        path.rename(shard.folder / "elsewhere")
        await shard.until(lambda: not shard.volumes.writers)
    (shard.folder / "elsewhere").rename(path)
    again = await asyncio.to_thread(Shard, shard.folder, ["a"])
    again.begun = shard.begun
    again.drained.add(path)
    async with running(again):
        assert again.states() == {"a": "draining"}
        assert again.volumes.router.failed(again.record()) is GapCause.DISK_LOST
        await again.until(lambda: again.sealed() == {first})


async def test_volume_that_is_added_comes_into_service_under_the_set_in_force(small: Shard) -> None:
    async with running(small) as shard:
        after = custodians(2, 3, number=2).set
        shard.volumes.use_identity(SealerIdentity(ORIGIN, shard.identity.boot, "scelle 0.1", after))
        created = await asyncio.to_thread(create, shard.folder / "b")
        shard.paths[:] = [created.path]
        await shard.until(lambda: shard.states() == {"b": "in-service"})
        shard.record()
    (sealed,) = shard.told.sealed_segments
    assert (sealed.volume, sealed.set_hash) == (created.id, after.hash)


async def test_same_volume_at_two_paths_is_taken_once(shard: Shard) -> None:
    one, two = (path / "scelle-volume.json" for path in shard.paths)
    await asyncio.to_thread(shutil.copyfile, one, two)
    async with running(shard):
        assert shard.states() == {"a": "in-service", "b": "away"}
        assert "in use at another path" in str(shard.volumes.status()[1]["reason"])


async def test_status_tells_room_and_the_worst_of_the_last_minute(small: Shard) -> None:
    async with running(small) as shard:
        (writer,) = shard.volumes.writers
        writer.health.writes.note(1_200_000)
        writer.health.syncs.note(2_500_000)
        (shown,) = shard.volumes.status()
        assert shown == {
            "path": str(shard.paths[0]),
            "volume": writer.volume.id,
            "state": "in-service",
            "reason": None,
            "free_bytes": writer.space.free_bytes,
            "total_bytes": writer.space.total_bytes,
            "worst_write_us": 1_200_000,
            "worst_sync_us": 2_500_000,
            "errors": {"write": 0, "sync": 0, "close": 0},
            "cameras": [],
            "growing": 0,
        }
        assert 0 < shown["free_bytes"] < shown["total_bytes"]
