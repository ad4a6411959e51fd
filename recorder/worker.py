"""The supervisor of one camera: it connects, watches, waits after a failure, and connects again until it is stopped."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from nvr.base.backoff import Backoff
from nvr.base.clock import Clock
from nvr.base.ids import CameraId, SegmentId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, MonoUs, UtcUs
from recorder.depacketiser import UnitSink
from recorder.errors import CameraUnreachable, Cause
from recorder.logins import Secrets, credentials_of
from recorder.patience import Absence, settings_for
from recorder.recording import Recording
from recorder.run import Depacketiser, Run
from recorder.server_clock import ServerClock
from recorder.source import D, Session
from recorder.sources import source_of
from recorder.status import CameraStatus, ShardSettings, State
from recorder.waiting import Pace, first_of
from recorder.writing import Writing
from storage.buffers import BufferPool
from storage.records import GapCause
from storage.snapshot import CameraEntry

QUIET_US: Final = US_PER_SECOND
"""Beyond two frame intervals and this without a picture, none is expected to be written."""
_TROUBLE: Final = frozenset({State.CONNECTING, State.STALLED, State.WAITING})
"""States between which a camera goes to and fro while one and the same thing is wrong."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShardParts:
    """What the workers of one shard share."""

    secrets: Secrets
    clock: Clock
    server: ServerClock
    pace: Pace
    pool: BufferPool
    settings: ShardSettings
    written: Callable[[CameraId], int] | None
    """Bytes of a camera that are on a volume; None: what storage accepts is written."""


class CameraWorker:
    """Records one camera. `run` once, as a task; everything else from the same event loop.

    `tick` is to be called about twice a second.
    """

    def __init__(self, entry: CameraEntry, recording: Recording, parts: ShardParts) -> None:
        self.entry = entry
        self._recording = recording
        self._parts = parts
        self._stop = Stop()
        settings = self._settings = settings_for(entry, parts.settings)
        self._absence = Absence(entry, settings, parts.clock.mono_us())
        self._wake = Stop()
        self._is_followed = False
        self._backoff = Backoff(first_s=settings.retry_first_s, most_s=settings.retry_most_s)
        self._state = State.IDLE
        self._cause: str | None = None
        self._since_utc_us = parts.server.utc_us()
        self._next_attempt_utc_us: UtcUs | None = None
        self._sessions = 0
        self._source = source_of(entry, parts.clock, settings)
        self._session: Session | None = None
        self._run: Run[Depacketiser] | None = None
        self._played_mono_us = MonoUs(0)
        self._breaks_told = 0
        self._writing = Writing(self._written)

    def stop(self, *, is_followed: bool = False) -> None:
        """Let `run` come to its end; a worker that follows at once carries on with an open gap."""
        self._is_followed = is_followed
        self._stop.set()

    def retry(self) -> None:
        """Try the camera at once, if it is waited for."""
        self._wake.set()

    async def run(self) -> None:
        """Record until `stop`. Errors that nobody is meant to handle come out of here."""
        detail = State.ABSENT.value if self._absence.entered else "starting"
        self._recording.interrupt(GapCause.SILENT, self._parts.server.utc_us(), detail)
        try:
            while not self._stop.is_set():
                await self._parts.pace.turn(self._stop)
                await self._attempt()
        finally:
            self._set(State.IDLE, None)
            if self._is_followed and self._recording.gaps.is_open:
                self._recording.rotate()
            else:
                self._recording.end(GapCause.STOPPED, self._parts.server.utc_us(), "")

    def rotate(self) -> SegmentId | None:
        """Close the segment that grows, at once: what was received goes into it, the next one goes on from there."""
        if self._run is not None:
            self._run.flush()
        return self._recording.rotate()

    def tick(self, now_mono_us: MonoUs) -> None:
        """Keep the session alive and look whether pictures come."""
        session, run = self._session, self._run
        if session is None or run is None:
            return
        session.tick(now_mono_us)
        if run.breaks != self._breaks_told:
            self._breaks_told = run.breaks
            _log.warning("camera %s: time stamps broke (%s), a new run began", self.entry.camera, run.last_break)
        self._watch(session, run, now_mono_us)

    def status(self) -> CameraStatus:
        """The camera as of now."""
        totals, codec = self._recording.totals, self._recording.codec
        return CameraStatus(
            camera=self.entry.camera,
            state=self._state,
            cause=self._cause,
            since_utc_us=self._since_utc_us,
            next_attempt_utc_us=self._next_attempt_utc_us,
            last_record_utc_us=self._recording.covered_utc_us,
            bytes=totals.payload_bytes,
            written=self._written(),
            records=totals.records,
            frames=totals.frames,
            lost=totals.lost,
            dropped=totals.dropped,
            reconnects=max(0, self._sessions - 1),
            bitrate_bps=self._session.bitrate_bps if self._session is not None else 0,
            codec=codec.codec if codec is not None else None,
            width=codec.width if codec is not None else 0,
            height=codec.height if codec is not None else 0,
        )

    async def _attempt(self) -> None:
        """One session, and the wait after its failure."""
        began_mono_us = self._parts.clock.mono_us()
        try:
            await self._record()
        except CameraUnreachable as error:
            self._backoff.ran_for(self._parts.clock.mono_us() - began_mono_us)
            if not self._stop.is_set():
                await self._wait(error)

    async def _record(self) -> None:
        """One session from its connection to its end."""
        self._set(State.CONNECTING, self._cause)
        try:
            self._session = await self._connected()
            if self._session is None:
                return
            self._sessions += 1
            self._played_mono_us = self._parts.clock.mono_us()
            _log.info("camera %s: plays", self.entry.camera)
            await first_of(self._session.ended(), self._stop.wait())
        finally:
            self._leave()

    async def _connected(self) -> Session | None:
        """A session that plays; None when the worker was stopped meanwhile."""
        parts = self._parts
        opening = self._source.open(credentials_of(self.entry.secret, parts.secrets), self._begin)
        session = await first_of(opening, parts.clock.sleep(self._settings.connect_timeout_s), self._stop.wait())
        if session is None and not self._stop.is_set():
            raise CameraUnreachable(Cause.TIMEOUT)
        return session

    def _begin(self, depacketise: Callable[[UnitSink, BufferPool], D]) -> Run[D]:
        self._writing.pause()
        self._recording.require_random_access()
        pool = self._parts.pool
        window_us = self._settings.window_s * US_PER_SECOND
        self._run = run = Run(
            self._recording, self._parts.server, lambda sink: depacketise(sink, pool), window_us=window_us
        )
        self._breaks_told = 0
        return run

    def _leave(self) -> None:
        """Close the session, keep what came whole: the segment too, since the next session begins another.

        So what a camera sent before it went away for days is sealed when it leaves.
        """
        session, self._session = self._session, None
        if session is not None:
            session.close()
        run, self._run = self._run, None
        if run is not None:
            run.flush()
            self._recording.rotate()
            if run.last_unit_mono_us is not None:
                self._absence.seen(run.last_unit_mono_us)

    async def _wait(self, error: CameraUnreachable) -> None:
        delay_s = self._absent_s(error) or self._failed_s(error)
        self._next_attempt_utc_us = UtcUs(self._parts.server.utc_us() + round(delay_s * US_PER_SECOND))
        self._wake = Stop()
        await first_of(self._parts.clock.sleep(delay_s), self._stop.wait(), self._wake.wait())
        self._next_attempt_utc_us = None

    def _failed_s(self, error: CameraUnreachable) -> float:
        """Something is wrong with the camera: how long to wait."""
        _log.warning("camera %s: %s", self.entry.camera, error)
        settings, cause = self._settings, error.cause
        least_s = {Cause.UNAUTHORIZED: settings.retry_unauthorized_s, Cause.BUSY: settings.retry_busy_s}
        self._recording.interrupt(GapCause.SILENT, self._parts.server.utc_us(), cause.value)
        self._set(State.WAITING, cause.value)
        return max(self._backoff.next_delay_s(), least_s.get(cause, 0.0))

    def _absent_s(self, error: CameraUnreachable) -> float | None:
        """The camera is away: how long to wait; None when it is not. Said once, however often it is looked for."""
        if not self._absence.explains(error.cause, self._parts.clock.mono_us()):
            return None
        if self._state is not State.ABSENT:
            _log.info("camera %s: absent", self.entry.camera)
        self._recording.interrupt(GapCause.SILENT, self._parts.server.utc_us(), State.ABSENT.value)
        self._set(State.ABSENT, None)
        return self._absence.next_delay_s()

    def _watch(self, session: Session, run: Run[Depacketiser], now_mono_us: MonoUs) -> None:
        """Judge by pictures, not by bytes: a camera that only keeps its session alive is silent.

        Bytes that wait in the kernel do not count as silence: the first quiet tick asks for them, the second judges.
        """
        settings = self._settings
        newest_mono_us = run.last_unit_mono_us or self._played_mono_us
        silent_us = now_mono_us - newest_mono_us
        is_due = silent_us <= QUIET_US + 2 * run.step_us
        if not is_due:
            self._writing.pause()
        waited_us = now_mono_us - self._played_mono_us
        if silent_us > settings.stall_s * US_PER_SECOND:
            session.fail(CameraUnreachable(Cause.STALLED))
        elif run.awaits_random_access and waited_us > settings.random_access_wait_s * US_PER_SECOND:
            session.fail(CameraUnreachable(Cause.STALLED, why="no random access point"))
        elif silent_us > settings.quiet_s * US_PER_SECOND + 2 * run.step_us:
            if session.quiet_ticks != 1 and (self._state, self._cause) != (State.STALLED, Cause.STALLED.value):
                run.flush()
                self._recording.interrupt(GapCause.SILENT, self._parts.server.utc_us(), Cause.STALLED.value)
                self._set(State.STALLED, Cause.STALLED.value)
        elif is_due and not run.awaits_random_access:
            self._judge_writing(run, now_mono_us)

    def _judge_writing(self, run: Run[Depacketiser], now_mono_us: MonoUs) -> None:
        if not self._writing.is_late(now_mono_us, run.step_us):
            self._set(State.RECORDING, None)
        elif self._cause != Cause.NOT_WRITTEN.value:
            _log.warning("camera %s: pictures come, and do not reach a disk", self.entry.camera)
            self._set(State.STALLED, Cause.NOT_WRITTEN.value)

    def _written(self) -> int:
        if self._parts.written is None:
            return self._recording.totals.payload_bytes
        return self._parts.written(self.entry.camera)

    def _set(self, state: State, cause: str | None) -> None:
        """`since` is when recording, absence or trouble began: trouble is one, whatever is tried meanwhile."""
        if self._absence.covers(self._state, state):
            state, cause = State.ABSENT, None
        if state is not self._state and not {state, self._state} <= _TROUBLE:
            self._since_utc_us = self._parts.server.utc_us()
        self._state, self._cause = state, cause
