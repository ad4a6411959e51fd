"""One dome, asked where it looks for as long as its camera is recorded. Recording never waits for it."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from config.ptz import ANYTHING, PtzSetting
from nvr.base.backoff import Backoff
from nvr.base.clock import Clock
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, MonoUs, UtcUs
from recorder.commissioning import left_of_commissioning
from recorder.errors import CameraUnreachable, Cause
from recorder.ports import EventSink
from recorder.ptz.moves import Moves
from recorder.ptz.observation import Observation, Pending, Preset, positions_by_name, preset_at
from recorder.ptz.position import Position, Reading, Spaces, position_of
from recorder.ptz.watch import DomeState, Watch
from recorder.server_clock import ServerClock
from recorder.waiting import Pace, first_of
from storage.snapshot import CameraEntry

MOVING_S: Final = 0.5
"""Between two questions while it moves."""
DESCRIBE_US: Final = 600 * US_PER_SECOND
"""Between two looks at its presets."""
SILENT_US: Final = 30 * US_PER_SECOND
"""Without an answer for so long nobody knows where it looks."""
FIRST_RETRY_S: Final = 5.0
MOST_RETRY_S: Final = 60.0
UNAUTHORIZED_RETRY_S: Final = 1800.0
"""The least wait after a refused login: makes lock an account, or our address, for half an hour, and RTSP with it."""

WITHOUT_POSITION: Final = "presets-without-position"
"""Cause: the expected presets do not say where they are."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Description:
    """What a dome says of itself: its spaces of positions, and its presets."""

    spaces: Spaces
    presets: tuple[Preset, ...]


class PtzDevice(Protocol):
    """A dome that answers. Every call ends within some seconds, or raises CameraUnreachable."""

    async def describe(self) -> Description:
        """Its spaces and presets."""
        ...

    async def read(self) -> Reading:
        """Where it looks now."""
        ...


@dataclass(frozen=True, slots=True)
class DomeStatus:
    """A dome as of now; counters begin with its camera's worker.

    `cause` is what went wrong last, None since it answers. `sealed` counts the observations that went with pictures,
    `dropped` those that were lost before.
    """

    state: DomeState
    cause: str | None
    since_utc_us: UtcUs
    """Since when it is in this state."""
    answers: int
    failures: int
    sealed: int
    dropped: int


Opener: TypeAlias = Callable[[CameraEntry, PtzSetting], Awaitable[PtzDevice]]
"""Reaches a dome, or raises CameraUnreachable."""


@dataclass(frozen=True, slots=True)
class DomeParts:
    """What the domes of one shard share."""

    open: Opener
    clock: Clock
    server: ServerClock
    events: EventSink
    pace: Pace
    still_s: float
    """Between two questions while it stands still."""


class Dome:
    """Asks one dome. `run` once, as a task of the shard's loop; what fails is a state and a counter."""

    def __init__(self, entry: CameraEntry, setting: PtzSetting, pending: Pending, parts: DomeParts) -> None:
        self._entry = entry
        self._setting = setting
        self._pending = pending
        self._parts = parts
        self._stop = Stop()
        self._backoff = Backoff(first_s=FIRST_RETRY_S, most_s=MOST_RETRY_S)
        self._moves = Moves(entry.camera, parts.events)
        self._watch = Watch(setting.expected)
        self._watches_presets = True
        self._spaces = Spaces()
        self._presets: tuple[Preset, ...] = ()
        self._expected_at: dict[str, Position] = {}
        self._state = DomeState.UNKNOWN
        self._since_utc_us = parts.server.utc_us()
        self._cause: str | None = None
        self._answered_mono_us: MonoUs | None = None
        self._answers = self._failures = 0

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._stop.set()

    async def run(self) -> None:
        """Ask until `stop`. Errors that nobody is meant to handle come out of here."""
        try:
            await self._commissioned()
            while not self._stop.is_set():
                await self._parts.pace.turn(self._stop)
                await self._attempt()
        finally:
            self._moves.close()

    def status(self) -> DomeStatus:
        """The dome as of now."""
        return DomeStatus(
            state=self._state,
            cause=self._cause,
            since_utc_us=self._since_utc_us,
            answers=self._answers,
            failures=self._failures,
            sealed=self._pending.sealed,
            dropped=self._pending.dropped,
        )

    async def _commissioned(self) -> None:
        """Wait while a person aims it: how it moves then was ordered, and there are no pictures to go with."""
        entry, now_utc_us = self._entry, self._parts.server.utc_us()
        left_us = left_of_commissioning(entry.commissioned_from_utc_us, entry.commissioned_until_utc_us, now_utc_us)
        if left_us:
            await first_of(self._parts.clock.sleep(left_us / US_PER_SECOND), self._stop.wait())

    async def _attempt(self) -> None:
        """Ask until something fails, and wait after it."""
        clock = self._parts.clock
        began_mono_us = clock.mono_us()
        try:
            await first_of(self._ask(), self._stop.wait())
        except CameraUnreachable as error:
            self._backoff.ran_for(clock.mono_us() - began_mono_us)
            self._failed(error)
            least_s = UNAUTHORIZED_RETRY_S if error.cause is Cause.UNAUTHORIZED else 0.0
            delay_s = max(self._backoff.next_delay_s(), least_s)
            await first_of(self._fade(delay_s), self._stop.wait())

    async def _ask(self) -> None:
        clock = self._parts.clock
        device = await self._parts.open(self._entry, self._setting)
        described_mono_us: MonoUs | None = None
        while True:
            if described_mono_us is None or clock.mono_us() - described_mono_us >= DESCRIBE_US:
                self._described(await device.describe())
                described_mono_us = clock.mono_us()
            before_mono_us = clock.mono_us()
            reading = await device.read()
            self._saw(reading, MonoUs((before_mono_us + clock.mono_us()) // 2))
            await clock.sleep(MOVING_S if self._watch.is_moving else self._parts.still_s)

    def _described(self, description: Description) -> None:
        self._spaces, self._presets = description.spaces, description.presets
        now_utc_us = self._parts.server.utc_us()
        expected = set(self._setting.expected)
        positions = {name: at for name, at in positions_by_name(description.presets).items() if name in expected}
        for name, position in positions.items():
            before = self._expected_at.get(name)
            if before is not None and not before.is_near(position):
                _log.warning("dome %s: the preset %r means another position than before", self._entry.camera, name)
                self._moves.preset_changed(now_utc_us)
        self._expected_at |= positions
        watches_presets = bool(positions) or not expected or ANYTHING in expected
        if watches_presets != self._watches_presets:
            self._watches_presets = watches_presets
            self._watch = Watch(expected if watches_presets else ())

    def _saw(self, reading: Reading, mono_us: MonoUs) -> None:
        position = position_of(reading, self._spaces)
        preset = preset_at(position, self._presets)
        t_utc_us = UtcUs(mono_us + self._parts.server.offset_us)
        self._pending.add(Observation(t_utc_us, position, preset))
        for step in self._watch.observe(t_utc_us, position, preset, moving=reading.moving):
            self._moves.step(step, t_utc_us)
        self._moves.tick(t_utc_us)
        self._answers += 1
        self._answered_mono_us = mono_us
        self._set(self._watch.state, None if self._watches_presets else WITHOUT_POSITION)

    def _failed(self, error: CameraUnreachable) -> None:
        self._failures += 1
        if self._cause != error.cause.value:
            _log.warning("dome %s: %s", self._entry.camera, error)
        self._set(self._state, error.cause.value)
        self._look_at_silence()

    async def _fade(self, delay_s: float) -> None:
        """Wait; the state is not believed for longer than SILENT_US."""
        clock = self._parts.clock
        end_mono_us = clock.mono_us() + round(delay_s * US_PER_SECOND)
        while (left_us := end_mono_us - clock.mono_us()) > 0:
            await clock.sleep(min(left_us, SILENT_US) / US_PER_SECOND)
            self._look_at_silence()

    def _look_at_silence(self) -> None:
        self._moves.tick(self._parts.server.utc_us())
        answered = self._answered_mono_us
        if answered is None or self._parts.clock.mono_us() - answered >= SILENT_US:
            self._watch.lost()
            self._set(DomeState.UNKNOWN, self._cause)

    def _set(self, state: DomeState, cause: str | None) -> None:
        if state is not self._state:
            self._since_utc_us = self._parts.server.utc_us()
        self._state, self._cause = state, cause
