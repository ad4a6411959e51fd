"""A whole storage side in a directory: volume, keyring, recorder's spool, ledger, keeper; nothing is a stand-in."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.clock import SimClock
from nvr.base.ids import BootId, CameraId, SegmentId, uuid7
from nvr.base.stop import Stop
from nvr.base.units import UtcUs
from storage.index.rows import SegmentRow
from storage.index.writer import Index
from storage.keeping.keeper import Keeper
from storage.keeping.settings import KeeperSettings
from storage.ledger import people
from storage.ledger.entries import decode
from storage.ledger.machine import Body
from storage.ledger.service import Draft
from storage.ledger.store import Appended, create_ledger
from storage.sealing import SealedSegment
from storage.spool import SpoolWriter
from storage.spool_events import SpoolEvents
from tests.storage.ledger.samples import OFFICER
from tests.storage.sealed import CAMERA, NOW_US, ORIGIN, Recorder, footage, segment_start
from tests.storage.until import until

DAY_US = 86_400_000_000
ROUNDS: Final = 8
"""So many rounds of a running keeper wait for their next turn once each has had one."""
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def hold_of(segment: SealedSegment, name: str, *, until_utc_us: int | None = None) -> people.Hold:
    """A hold on what this segment shows."""
    return people.Hold(
        hold=name,
        requisition=None,
        cameras=(segment.camera,),
        from_utc_us=segment.start_utc_us,
        to_utc_us=segment.end_utc_us - 1,
        basis=None,
        until_utc_us=until_utc_us,
    )


class Town:
    """Footage is recorded with the real writer; the clock stands at NOW_US until it is moved."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.recorder = Recorder(directory)
        self.clock = SimClock(NOW_US)
        self.paths: list[Path] = [self.recorder.volume.path]
        self.settings = KeeperSettings(
            origin=ORIGIN,
            state=directory / "state",
            volumes=lambda: self.paths,
            places=tuple(self.recorder.places),
            zone=ZoneInfo("Europe/Paris"),
        )
        create_ledger(self.settings.ledger, ORIGIN, NOW_US)
        self.keeper = self.new_keeper()
        self._acts = 0

    def new_keeper(self) -> Keeper:
        """A keeper as a new process has it."""
        return Keeper(self.settings, self.clock, sync=lambda: "synchronised")

    async def restart(self) -> Keeper:
        """End this keeper and start another on the same files, which finishes what this one left."""
        await self.keeper.close()
        return await self.restart_closed()

    async def restart_closed(self) -> Keeper:
        """Start another keeper on the files of one that has ended."""
        self.keeper = self.new_keeper()
        await self.keeper.start()
        await self.keeper.take_up()
        return self.keeper

    async def settled(self) -> None:
        """Wait until the running keeper has done what it does at its start."""
        await until(lambda: self.clock.sleepers == ROUNDS)

    async def run_and_stop(self) -> None:
        """Have the keeper run, and stop it once it has done what it does at its start."""
        stop = Stop()
        running = asyncio.create_task(self.keeper.run(stop))
        await self.settled()
        stop.set()
        await running

    def boot(self, shard: int = 0) -> BootId:
        """The id of a new recorder process."""
        return BootId(uuid7(self.clock.utc_us()))

    def spool(self, boot: BootId, shard: int = 0) -> SpoolWriter:
        """The spool of a recorder process, with its `boot`."""
        return SpoolWriter(self.settings.spools, shard, boot, self.clock, KEY, sw="scelle test")

    def record(
        self, count: int, *, camera: CameraId = CAMERA, start_utc_us: int = NOW_US, first: int = 0
    ) -> list[SealedSegment]:
        """Record that many segments of 6 s, one after the other; nobody is told of them."""
        before = len(self.recorder.told.sealed_segments)
        self.recorder.writer = self.recorder.new_writer()
        self.recorder.writer.start()
        for number in range(first, first + count):
            start = segment_start(number, camera=camera, start_utc_us=start_utc_us + number * 6_000_000)
            self.recorder.record(start, footage(number, packets=2, size=50))
        self.recorder.writer.stop(drain=True)
        return self.recorder.told.sealed_segments[before:]

    async def tell(self, segments: Sequence[SealedSegment]) -> BootId:
        """Tell the segments through the spool of a new recorder process, and ingest it."""
        boot = self.boot()
        await asyncio.to_thread(self.write_spool, boot, segments)
        await self.keeper.ingest.round()
        return boot

    def write_spool(self, boot: BootId, segments: Sequence[SealedSegment]) -> None:
        """The spool of a process that told these segments and then died."""
        spool = self.spool(boot)
        for segment in segments:
            SpoolEvents(spool).sealed(segment)
        spool.close()

    async def act(self, body: Body) -> Appended:
        """An act of an officer."""
        self._acts += 1
        act = uuid7(UtcUs(NOW_US + self._acts * 1000))
        (appended,) = await self.keeper.books.append([Draft(body, actor=OFFICER, act=act)])
        return appended

    async def hold(self, segment: SealedSegment, *, until_utc_us: int | None = None) -> str:
        """Hold what this segment shows."""
        body = hold_of(segment, uuid7(UtcUs(NOW_US)), until_utc_us=until_utc_us)
        await self.act(body)
        return body.hold

    async def row(self, segment: SegmentId) -> SegmentRow:
        """The segment as the index has it."""
        row = await self.keeper.books.ask(Index.segment, segment)
        assert row is not None
        return row

    async def logged(self) -> list[Body]:
        """The body of every entry."""
        return [decode(leaf).body for _, leaf in await self.keeper.entries(0, 1000)]

    def path(self, segment: SealedSegment) -> Path:
        """Where its file stands."""
        return self.recorder.volume.sealed_path(segment.camera, segment.start_utc_us, segment.segment)
