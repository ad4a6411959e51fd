"""Frames drawn and encoded now: a thread per camera while somebody plays it."""

import asyncio
from concurrent.futures import Executor
from typing import Final

from nvr.base.clock import Clock, utc_offset_us
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, ticks_from_us
from nvr.sim.camera import SimCamera
from nvr.sim.encoder import AccessUnit, Encoder, Encoding, ParameterSets
from nvr.sim.feed import Deliver
from nvr.sim.picture import Painter
from nvr.sim.rtp import RtpFrame, packetise

MAX_PENDING_FRAMES: Final = 8
"""Frames on their way to the event loop; when it does not take them, pictures are skipped before they are encoded."""

_STEP_US: Final = 1000
"""UTC and the monotonic clock apart by more than this: the system clock was stepped."""


class CaptureClock:
    """UTC of instants given on the monotonic clock: exact differences while the system clock is not stepped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_us = utc_offset_us(clock)

    def utc_us(self, mono_us: int) -> int:
        """UTC at this instant of the monotonic clock."""
        offset_us = utc_offset_us(self._clock)
        if abs(offset_us - self._offset_us) > _STEP_US:
            self._offset_us = offset_us
        return mono_us + self._offset_us


class LiveSource:
    """Draws and encodes one camera while it is played; the event loop owns it.

    A frame is due at an exact multiple of 1/fps after the first; that is its capture instant, which the picture
    shows and the RTP timestamp follows. Every run of the thread has an encoder of its own and begins at pts 0.
    """

    def __init__(self, camera: SimCamera, clock: Clock, pool: Executor) -> None:
        self._camera = camera
        self._clock = clock
        self._pool = pool
        self._parameter_sets: ParameterSets | None = None
        self._run: _Run | None = None
        self._skipped_before = 0
        self._threads: set[asyncio.Future[None]] = set()

    async def open(self) -> None:
        """Learn the parameter sets."""
        loop = asyncio.get_running_loop()
        self._parameter_sets = await loop.run_in_executor(self._pool, _parameter_sets, self._camera)

    @property
    def parameter_sets(self) -> ParameterSets:
        """The same for every run; asked only after `open`."""
        if self._parameter_sets is None:
            raise AssertionError("the source was not opened")
        return self._parameter_sets

    @property
    def frames_skipped(self) -> int:
        """Pictures that were due and not taken, since the machine was too slow."""
        return self._skipped_before + (self._run.skipped if self._run else 0)

    def play(self, deliver: Deliver) -> None:
        """Begin a run."""
        self.pause()
        loop = asyncio.get_running_loop()
        self._run = _Run(self._camera, self._clock, loop, deliver)
        thread = loop.run_in_executor(self._pool, self._run.encode_until_stopped)
        self._threads.add(thread)
        thread.add_done_callback(self._ended)

    def pause(self) -> None:
        """End the run; its thread ends within one frame."""
        if self._run is not None:
            self._run.stop.set()
            self._skipped_before += self._run.skipped
            self._run = None

    def want_key(self) -> None:
        """Let the next picture be a key frame."""
        if self._run is not None:
            self._run.keys_asked += 1

    async def close(self) -> None:
        """Pause, and wait for the threads.

        Raises:
            Exception: what ended a thread before it was told to.
        """
        self.pause()
        await asyncio.gather(*self._threads)

    def _ended(self, thread: asyncio.Future[None]) -> None:
        # One that failed stays, for `close` to raise; the loop's handler tells of it at once.
        if not thread.cancelled() and (error := thread.exception()) is not None:
            thread.get_loop().call_exception_handler(
                {"message": f"encoder of {self._camera.name} failed", "exception": error, "future": thread}
            )
            return
        self._threads.discard(thread)


class _Run:
    """One run of the encoder thread.

    Each counter has one writer: the loop writes `keys_asked` and `_taken`, the thread all others.
    """

    def __init__(self, camera: SimCamera, clock: Clock, loop: asyncio.AbstractEventLoop, deliver: Deliver) -> None:
        self.stop = Stop()
        self.skipped = 0
        self.keys_asked = 1
        self._keys_given = 0
        self._posted = 0
        self._taken = 0
        self._camera = camera
        self._clock = clock
        self._loop = loop
        self._deliver = deliver
        self._capture_utc_us: dict[int, int] = {}

    def encode_until_stopped(self) -> None:
        """The thread."""
        camera = self._camera
        painter = Painter(name=camera.name, width=camera.width, height=camera.height)
        encoder = Encoder(Encoding.of(camera))
        capture_clock = CaptureClock(self._clock)
        interval_us = US_PER_SECOND // camera.fps
        began_mono_us = self._clock.mono_us()
        frame = -1
        while not self.stop.is_set():
            frame += 1
            elapsed_us = frame * US_PER_SECOND // camera.fps
            early_us = began_mono_us + elapsed_us - self._clock.mono_us()
            if early_us > 0 and self.stop.wait_in_thread(early_us / US_PER_SECOND):
                return
            if early_us < -interval_us or self._posted - self._taken >= MAX_PENDING_FRAMES:
                self.skipped += 1
                continue
            capture_utc_us = capture_clock.utc_us(began_mono_us + elapsed_us)
            pts_90k = ticks_from_us(elapsed_us)
            self._capture_utc_us[pts_90k] = capture_utc_us
            key, self._keys_given = self._keys_given != self.keys_asked, self.keys_asked
            for unit in encoder.encode(painter.draw(capture_utc_us), pts_90k, key=key):
                self._post(unit, encoder.parameter_sets)

    def _post(self, unit: AccessUnit, parameter_sets: ParameterSets) -> None:
        in_band = parameter_sets if unit.key and self._camera.parameter_sets_in_band else None
        packets = packetise(unit, in_band, aggregate=self._camera.aggregate)
        self._posted += 1
        self._loop.call_soon_threadsafe(self._take, packets, self._capture_utc_us.pop(unit.pts_90k))

    def _take(self, packets: RtpFrame, capture_utc_us: int) -> None:
        self._taken += 1
        if not self.stop.is_set():
            self._deliver(packets, packets.pts_90k, capture_utc_us)


def _parameter_sets(camera: SimCamera) -> ParameterSets:
    return Encoder(Encoding.of(camera)).parameter_sets
