"""Many cameras from one loop of frames, encoded once: a fleet for benchmarks that costs little but its sending.

Every camera of a fleet shows the same pictures, each at its own place in the loop. The clock and the code in the
pictures are those of the loop's rendering, so no wall time can be measured against them; RTP timestamps and sender
reports are those of the real clock.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from nvr.base.clock import Clock
from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, ticks_from_us
from nvr.sim.encoder import AccessUnit, Encoder, Encoding, ParameterSets
from nvr.sim.feed import Deliver
from nvr.sim.picture import Painter
from nvr.sim.rtp import RtpFrame, packetise

SLOTS: Final = 8
"""Instants within one frame interval over which the cameras of a fleet are spread."""

_SPREAD: Final = 7
"""Frames by which each camera is further in the loop than the one before: key frames do not come all at once."""

_MAX_LATE_US: Final = US_PER_SECOND
"""A ticker later than this skips frames instead of sending them in a burst."""


@dataclass(frozen=True, slots=True)
class RenderedLoop:
    """Whole GOPs in decoding order, each frame packetised once."""

    parameter_sets: ParameterSets
    frames: tuple[RtpFrame, ...]
    fps: int

    @property
    def duration_90k(self) -> int:
        """From the first frame to its next showing."""
        return len(self.frames) * TICKS_PER_SECOND // self.fps


def render_loop(encoding: Encoding, *, name: str, gops: int, start_utc_us: int) -> RenderedLoop:
    """Draw and encode `gops` groups of pictures; takes about 16 ms per frame of 1080p on one core."""
    painter = Painter(name=name, width=encoding.width, height=encoding.height)
    encoder = Encoder(encoding)
    units: list[AccessUnit] = []
    for index in range(gops * encoding.gop_frames):
        elapsed_us = index * US_PER_SECOND // encoding.fps
        units += encoder.encode(painter.draw(start_utc_us + elapsed_us), ticks_from_us(elapsed_us))
    units += encoder.flush()
    sets = encoder.parameter_sets
    frames = tuple(packetise(unit, sets if unit.key else None) for unit in units)
    return RenderedLoop(parameter_sets=sets, frames=frames, fps=encoding.fps)


class FleetSource:
    """One camera of a fleet: delivers while it is played, driven by the `Ticker`."""

    def __init__(self, loop: RenderedLoop, *, shift_frames: int) -> None:
        self._loop = loop
        self._shift_frames = shift_frames
        self._deliver: Deliver | None = None

    @property
    def parameter_sets(self) -> ParameterSets:
        """Those of the loop."""
        return self._loop.parameter_sets

    def play(self, deliver: Deliver) -> None:
        """Deliver at every tick."""
        self._deliver = deliver

    def pause(self) -> None:
        """Deliver no more."""
        self._deliver = None

    def want_key(self) -> None:
        """The loop is what it is: the next key frame comes when it comes."""

    def tick(self, count: int, now_utc_us: int) -> None:
        """Deliver the frame of this tick; `count` grows by one per frame interval."""
        if self._deliver is None:
            return
        rounds, index = divmod(count + self._shift_frames, len(self._loop.frames))
        frame = self._loop.frames[index]
        self._deliver(frame, rounds * self._loop.duration_90k + frame.pts_90k, now_utc_us)


class Ticker:
    """Drives the sources of a fleet from one task."""

    def __init__(self, loop: RenderedLoop, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self._slots: tuple[list[FleetSource], ...] = tuple([] for _ in range(SLOTS))
        self._cameras = 0
        self.ticks_skipped = 0

    def source(self) -> FleetSource:
        """A source for one more camera."""
        source = FleetSource(self._loop, shift_frames=self._cameras * _SPREAD)
        self._slots[self._cameras % SLOTS].append(source)
        self._cameras += 1
        return source

    async def run(self) -> None:
        """Tick until cancelled."""
        began_mono_us = self._clock.mono_us()
        tick = 0
        while True:
            due_mono_us = began_mono_us + tick * US_PER_SECOND // (self._loop.fps * SLOTS)
            early_us = due_mono_us - self._clock.mono_us()
            if early_us > 0:
                await self._clock.sleep(early_us / US_PER_SECOND)
            if early_us < -_MAX_LATE_US:
                self.ticks_skipped += 1
            else:
                now_utc_us = self._clock.utc_us()
                for source in self._slots[tick % SLOTS]:
                    source.tick(tick // SLOTS, now_utc_us)
            tick += 1
            if early_us <= 0:
                await asyncio.sleep(0)
