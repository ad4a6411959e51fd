"""One shard: the cameras of one recorder process, each with its own worker, on one event loop."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from nvr.base.clock import Clock
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND
from recorder.checking import Means, check_all
from recorder.demux.source import Abandoned
from recorder.gaps import GapLog
from recorder.health.watch import HealthWatch
from recorder.onvif.reach import Reach
from recorder.ports import EventSink, SegmentSink
from recorder.ptz.dome import DomeParts
from recorder.ptz.domes import Domes, onvif_opener
from recorder.recording import Recording
from recorder.rtsp.rounds import Rounds
from recorder.server_clock import ServerClock, kernel_is_synchronised
from recorder.source import Source
from recorder.sources import source_of
from recorder.status import CameraStatus, ShardSettings
from recorder.waiting import Pace
from recorder.worker import CameraWorker, ShardParts
from storage.buffers import BufferPool
from storage.snapshot import CameraEntry

TICK_S: Final = 0.5
"""Fine enough for keep-alive and stalls; at 400 cameras a tick takes a few milliseconds."""

_log = logging.getLogger(__name__)


class Shard:
    """Records its cameras until it is stopped. One event loop owns it; every method is called from there.

    What fails for one camera costs only that camera; an error that nobody is meant to handle ends `run`.

    `secrets` gives user and password of a named secret, and raises LookupError or an NvrError where there is none.
    `written` gives the bytes of a camera that are on a volume; without it, what storage accepts counts as written.
    `health` looks at key frames; without it nobody does.
    """

    def __init__(  # noqa: PLR0913 -- what a shard works with, the last four by name
        self,
        cameras: Sequence[CameraEntry],
        secrets: Callable[[str], tuple[str, str]],
        sink: SegmentSink,
        events: EventSink,
        clock: Clock,
        settings: ShardSettings,
        *,
        pool: BufferPool | None = None,
        written: Callable[[CameraId], int] | None = None,
        health: HealthWatch | None = None,
        is_synchronised: Callable[[], bool] = kernel_is_synchronised,
    ) -> None:
        self._entries = {entry.camera: entry for entry in cameras}
        self._sink = sink
        self._events = events
        self._clock = clock
        self._settings = settings
        self._health = health
        self._server = ServerClock(clock, events, first_epoch=settings.clock_epoch, is_synchronised=is_synchronised)
        pace = Pace(clock, per_second=settings.connects_per_second)
        self._parts = ShardParts(
            secrets=secrets,
            clock=clock,
            server=self._server,
            pace=pace,
            rounds=Rounds(clock),
            pool=pool or BufferPool(),
            settings=settings,
            written=written,
            health=health,
        )
        self._domes = Domes(
            DomeParts(
                open=onvif_opener(secrets, self.reach),
                clock=clock,
                server=self._server,
                events=events,
                pace=pace,
                still_s=settings.ptz_still_s,
            )
        )
        self._gaps: dict[CameraId, GapLog] = {}
        self._abandoned_by_tests: defaultdict[CameraId, Abandoned] = defaultdict(Abandoned)
        self._workers: dict[CameraId, CameraWorker] = {}
        self._tasks: dict[CameraId, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self, stop: Stop) -> None:
        """Record until the signal; then every open segment is closed."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            ticker = group.create_task(self._tick())
            reader = group.create_task(self._parts.rounds.run())
            if self._health is not None:
                group.create_task(self._health.run(stop))
            for entry in self._entries.values():
                self._start(entry)
            await stop.wait()
            self._group = None
            self._domes.stop_all()
            for worker in self._workers.values():
                worker.stop()
            if self._tasks:
                await asyncio.wait(self._tasks.values())
            ticker.cancel()
            reader.cancel()

    def apply(self, snapshot_entries: Iterable[CameraEntry]) -> None:
        """Record these cameras from now on: new ones begin, missing ones end, changed ones begin anew."""
        wanted = {entry.camera: entry for entry in snapshot_entries}
        before, self._entries = self._entries, wanted
        if self._group is None:
            return
        for camera in before.keys() - wanted.keys():
            self._workers.pop(camera).stop()
            self._domes.stop(camera)
            if self._health is not None:
                self._health.forget(camera)
        for camera, entry in wanted.items():
            if before.get(camera) != entry:
                if camera in self._workers:
                    self._workers[camera].stop(follower=entry)
                self._start(entry)

    def retry(self, camera_ids: Iterable[CameraId]) -> None:
        """Try these cameras at once where they are waited for. Cameras that are not here are passed over."""
        for camera in camera_ids:
            if camera in self._workers:
                self._workers[camera].retry()

    async def rotate(self, camera_ids: Iterable[CameraId]) -> list[SegmentId]:
        """Close the growing segments of these cameras at once; their ids. Cameras that are not here are passed over."""
        workers = [self._workers[camera] for camera in camera_ids if camera in self._workers]
        closed = [worker.rotate() for worker in workers]
        return [segment for segment in closed if segment is not None]

    @property
    def bitrate_bps(self) -> int:
        """What comes of all cameras together, smoothed over some seconds."""
        return sum(worker.bitrate_bps for worker in self._workers.values())

    def status(self) -> list[CameraStatus]:
        """Every camera as of now, by id."""
        workers = ((camera, self._workers[camera]) for camera in sorted(self._workers))
        return [replace(worker.status(), dome=self._domes.status(camera)) for camera, worker in workers]

    async def check(self, camera_ids: Iterable[CameraId], *, limit_s: int) -> list[dict[str, Json]]:
        """Try out these cameras beside their recording: `recorder.checking.check`. Others are passed over."""
        means = Means(
            secrets=self._parts.secrets,
            status=self._status,
            source=self._source_of_test,
            clock=self._clock,
            connect_timeout_s=self._settings.connect_timeout_s,
            reach=self.reach,
        )
        entries = [self._entries[camera] for camera in camera_ids if camera in self._entries]
        return await check_all(entries, means, limit_s=limit_s)

    @property
    def reach(self) -> Reach:
        """How this shard reaches cameras' ONVIF services."""
        return Reach(clock=self._clock, trust=self._settings.trust)

    @property
    def clock_epoch(self) -> int:
        """The clock epoch in force."""
        return self._server.epoch

    def _status(self, camera: CameraId) -> CameraStatus | None:
        worker = self._workers.get(camera)
        return None if worker is None else worker.status()

    def _source_of_test(self, entry: CameraEntry) -> Source:
        """Threads that hang from tests are counted from one test to the next, and never against the recording."""
        return source_of(entry, self._clock, self._settings, abandoned=self._abandoned_by_tests[entry.camera])

    def _start(self, entry: CameraEntry) -> None:
        """A worker for the camera; it begins once its predecessor has ended."""
        if self._group is None:
            raise RuntimeError("the shard does not run")
        camera = entry.camera
        gaps = self._gaps.setdefault(camera, GapLog(camera, self._events))
        segment_us = self._settings.segment_seconds * US_PER_SECOND
        recording = Recording(
            entry,
            self._sink,
            gaps,
            segment_us=segment_us,
            first_segment_us=random.SystemRandom().randint(segment_us // 2, segment_us),
            look=None if self._health is None else self._health.watch(entry),
        )
        worker = CameraWorker(entry, recording, self._parts)
        self._workers[camera] = worker
        self._domes.start(entry, recording.observations, self._group)
        self._tasks[camera] = self._group.create_task(self._work(worker, self._tasks.get(camera)))

    async def _work(self, worker: CameraWorker, before: asyncio.Task[None] | None) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        await worker.run()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            self._server.tick()
            now_mono_us = self._clock.mono_us()
            for worker in tuple(self._workers.values()):
                worker.tick(now_mono_us)
