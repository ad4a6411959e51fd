"""One session of the second source, on the event loop: what the reader's thread hands over, told to the intake."""

import asyncio
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Final

from nvr.base.clock import Clock
from nvr.base.units import MonoUs
from recorder.codecs import depacketiser_of
from recorder.demux.nals import Parting, parameter_sets, parting_of, whole
from recorder.demux.opening import Opening
from recorder.demux.reader import Arrived, Described, Reader
from recorder.depacketiser import UnitSink
from recorder.errors import CameraUnreachable, Cause
from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser
from recorder.meter import Meter
from recorder.mjpeg import MjpegPictures
from recorder.source import Begin, Intake, Traits
from recorder.waiting import first_of
from storage.buffers import BufferPool
from storage.records import GapCause

END_S: Final = 2.0
"""How long the end of a session waits for its thread, so that the camera is free for the next one."""
_BATCH_BYTES: Final = 512 << 10
"""Told in one turn of the loop; then the others have theirs."""
_MOTION_JPEG: Final = "mjpeg"
_ENCODINGS: Final = MappingProxyType({"h264": "H264", "hevc": "H265"})
"""FFmpeg's names of codings that are made of NAL units, and those of their depacketisers."""


class DemuxSession:
    """Feeds one intake. The event loop owns it; `abandon` takes a reader whose thread did not end in time."""

    def __init__(
        self,
        opening: Opening,
        begin: Begin,
        clock: Clock,
        abandon: Callable[[Reader], None],
        *,
        open_timeout_s: float,
    ) -> None:
        self._counts_lost = opening.counts_lost
        self._begin = begin
        self._clock = clock
        self._abandon = abandon
        self._loop = asyncio.get_running_loop()
        self._meter = Meter(clock.mono_us())
        self._intake: Intake[H264Depacketiser | H265Depacketiser] | Intake[MjpegPictures] | None = None
        self._parting: Parting = whole
        self._failure: Exception | None = None
        self._playing = asyncio.Event()
        self._over = asyncio.Event()
        self._thread_over = asyncio.Event()
        self._reader = Reader(opening, clock, self._wake, open_timeout_s=open_timeout_s)

    @property
    def bitrate_bps(self) -> int:
        """What comes, smoothed over some seconds."""
        return self._meter.bitrate_bps

    async def played(self) -> None:
        """Begin, and wait until pictures come. Raises CameraUnreachable: they never will; see the cause."""
        self._reader.start()
        try:
            await self._playing.wait()
        except asyncio.CancelledError:
            self.close()
            await self._end_thread()
            raise
        if self._failure is not None:
            await self._end_thread()
            raise self._failure

    async def ended(self) -> None:
        """Wait for the end of the session and of its thread. Raises CameraUnreachable unless `close` ended it."""
        try:
            await self._over.wait()
        finally:
            self.close()
            await self._end_thread()
        if self._failure is not None:
            raise self._failure

    def tick(self, now_mono_us: MonoUs) -> None:
        """Take what waits, and measure."""
        self._drain()
        self._meter.tick(now_mono_us)

    def fail(self, error: Exception) -> None:
        """End the session with this error; the first one counts."""
        if not self._over.is_set():
            self._failure = error
            self.close()

    def close(self) -> None:
        """End the session on our side: nothing reaches the intake any more, and the thread is told to end."""
        self._over.set()
        self._playing.set()
        self._reader.stop()

    async def _end_thread(self) -> None:
        """Let the thread come to its end; one that does not is abandoned."""
        await first_of(self._thread_over.wait(), self._clock.sleep(END_S))
        if not self._reader.over:
            self._abandon(self._reader)

    def _wake(self) -> None:
        """Called by the reader's thread."""
        try:
            self._loop.call_soon_threadsafe(self._drain)
        except RuntimeError:  # the loop is closed: nobody waits for a thread that was left to itself
            return

    def _drain(self) -> None:
        """Tell what waits, up to a bound; whatever goes wrong is told to those who wait for the session."""
        reader = self._reader
        if reader.over:
            self._thread_over.set()
        try:
            left = _BATCH_BYTES
            while left > 0 and not self._over.is_set():
                item = reader.queue.take(0)
                if item is None:
                    self._end_with_reader()
                    return
                left -= self._take(item)
        except Exception as error:  # noqa: BLE001 -- not swallowed: `played` and `ended` raise it in the worker's task
            self.fail(error)
        if not self._over.is_set():
            self._loop.call_soon(self._drain)

    def _end_with_reader(self) -> None:
        """The queue is empty: when the thread is over, so is the session."""
        if self._reader.over and not self._reader.queue.statistics().items:
            self.fail(self._reader.outcome or CameraUnreachable(Cause.CLOSED))

    def _take(self, item: Described | Arrived) -> int:
        """Tell one item; its size in bytes."""
        if isinstance(item, Described):
            self._describe(item)
            return 0
        intake = self._intake
        if intake is None:
            raise RuntimeError("pictures before their description")
        self._meter.bytes_read += len(item.data)
        if item.missed:
            intake.missed(GapCause.FELL_BEHIND)
        intake.reading(item.arrival_mono_us, item.held_us)
        intake.depacketiser.access_unit(self._parting(item.data), item.timestamp, item.lost)
        intake.read()
        self._playing.set()
        return len(item.data)

    def _describe(self, described: Described) -> None:
        """Begin the intake. Raises CameraUnreachable: cause `unsupported-codec`."""
        codec = described.codec
        traits = Traits(described.sound, counts_lost=self._counts_lost, tells_time=False)
        if codec == _MOTION_JPEG:
            self._intake = self._begin(MjpegPictures, traits)
            return
        if codec not in _ENCODINGS:
            raise CameraUnreachable(Cause.UNSUPPORTED_CODEC, offered=codec)
        self._parting = parting_of(codec, described.extradata)
        sets = parameter_sets(codec, described.extradata)
        depacketise: Callable[[UnitSink, BufferPool], H264Depacketiser | H265Depacketiser] = partial(
            depacketiser_of(_ENCODINGS[codec]), channel=0, payload_type=0, parameter_sets=sets
        )
        self._intake = self._begin(depacketise, traits)
