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
from recorder.commissioning import COMMISSIONING, left_of_commissioning
from recorder.depacketiser import UnitSink
from recorder.errors import CameraBusy, CameraUnreachable, Cause
from recorder.health.watch import NOT_WATCHED, CameraHealth, HealthWatch
from recorder.logins import OF_THE_LOGIN, Login, Secrets
from recorder.patience import Absence, settings_for
from recorder.recording import Recording
from recorder.rtsp.rounds import Rounds
from recorder.run import Depacketiser, Run
from recorder.server_clock import ServerClock
from recorder.source import D, Session, Traits
from recorder.sources import source_of
from recorder.stalling import Progress, StallWatch
from recorder.status import CameraStatus, ShardSettings, State
from recorder.waiting import Pace, first_of
from storage.buffers import BufferPool
from storage.records import GapCause
from storage.snapshot import CameraEntry

HEALTHY_SESSION_US: Final = 20 * US_PER_SECOND
"""A session of this length counts as healthy, and the next one is tried soon: some cameras end every session at its
time-out, the shortest of which are 30 s."""

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
    rounds: Rounds
    pool: BufferPool
    settings: ShardSettings
    written: Callable[[CameraId], int] | None
    """Bytes of a camera that are on a volume; None: what storage accepts is written."""
    health: HealthWatch | None = None


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
        self._follower: CameraEntry | None = None
        self._backoff = Backoff(
            first_s=settings.retry_first_s, most_s=settings.retry_most_s, healthy_us=HEALTHY_SESSION_US
        )
        self._login = Login(entry.secret, parts.secrets, refused_s=settings.retry_unauthorized_s)
        self._state = State.IDLE
        self._cause: str | None = None
        self._since_utc_us = parts.server.utc_us()
        self._next_attempt_utc_us: UtcUs | None = None
        self._sessions = 0
        self._source = source_of(entry, parts.clock, settings, parts.rounds)
        self._session: Session | None = None
        self._run: Run[Depacketiser] | None = None
        self._played_mono_us = MonoUs(0)
        self._breaks_told = 0
        self._stalls = StallWatch(settings, self._written)

    def stop(self, *, follower: CameraEntry | None = None) -> None:
        """Let `run` come to its end; the worker of a `follower`, which begins at once, carries on with an open gap."""
        self._follower = follower
        self._stop.set()

    def retry(self) -> None:
        """Try the camera at once, if it is waited for."""
        self._wake.set()

    async def run(self) -> None:
        """Record until `stop`. Errors that nobody is meant to handle come out of here."""
        try:
            await self._commission()
            if not self._stop.is_set():
                detail = State.ABSENT.value if self._absence.entered else "starting"
                self._recording.interrupt(GapCause.SILENT, self._parts.server.utc_us(), detail)
            while not self._stop.is_set():
                await self._parts.pace.turn(self._stop)
                if not self._stop.is_set():
                    await self._attempt()
        finally:
            now_utc_us = self._parts.server.utc_us()
            # Told now and not by the follower: an open gap tells the newer of two details only at its end.
            aimed = self._state is State.COMMISSIONING or _left_us(self._follower, now_utc_us) > 0
            self._set(State.IDLE, None)
            if self._follower is not None and self._recording.gaps.is_open:
                self._recording.rotate()
            else:
                self._recording.end(GapCause.STOPPED, now_utc_us, COMMISSIONING if aimed else "")

    def rotate(self) -> SegmentId | None:
        """Close the segment that grows, at once: what was received goes into it, the next one goes on from there."""
        if self._run is not None:
            self._run.flush(goes_on=True)
        return self._recording.rotate()

    def tick(self, now_mono_us: MonoUs) -> None:
        """Keep the session alive and look whether pictures come."""
        self._stalls.tick(now_mono_us)
        if self._state is State.WAITING and self._cause in OF_THE_LOGIN and self._login.is_renewed():
            self.retry()
        session, run = self._session, self._run
        if session is None or run is None:
            return
        session.tick(now_mono_us)
        if run.breaks != self._breaks_told:
            self._breaks_told = run.breaks
            _log.warning("camera %s: time stamps broke (%s), a new run began", self.entry.camera, run.last_break)
        self._watch(session, run, now_mono_us)

    @property
    def bitrate_bps(self) -> int:
        """What comes now, smoothed over some seconds."""
        return self._session.bitrate_bps if self._session is not None else 0

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
            bitrate_bps=self.bitrate_bps,
            codec=codec.codec if codec is not None else None,
            width=codec.width if codec is not None else 0,
            height=codec.height if codec is not None else 0,
            health=self._health(),
        )

    def _health(self) -> CameraHealth:
        """What is known of its picture; nothing while none is expected: what was seen before may be long over."""
        if self._parts.health is None or self._state in (State.ABSENT, State.COMMISSIONING):
            return NOT_WATCHED
        return self._parts.health.health(self.entry.camera)

    async def _commission(self) -> None:
        """Leave the camera to the person who aims it, as long as the entry says and a commissioning may last at all.

        The time that is left is counted by the monotonic clock: no step of the other one makes it longer.
        """
        now_utc_us = self._parts.server.utc_us()
        left_us = _left_us(self.entry, now_utc_us)
        if left_us == 0 or self._stop.is_set():
            return
        self._recording.interrupt(GapCause.STOPPED, now_utc_us, COMMISSIONING)
        self._set(State.COMMISSIONING, None)
        self._next_attempt_utc_us = UtcUs(now_utc_us + left_us)
        _log.warning(
            "camera %s: commissioning, nothing is recorded for %d s", self.entry.camera, left_us // US_PER_SECOND
        )
        await first_of(self._parts.clock.sleep(left_us / US_PER_SECOND), self._stop.wait())
        self._next_attempt_utc_us = None

    async def _attempt(self) -> None:
        """One session, and the wait after its failure."""
        sessions = self._sessions
        try:
            await self._record()
        except CameraUnreachable as error:
            if self._sessions > sessions:
                self._backoff.ran_for(self._parts.clock.mono_us() - self._played_mono_us)
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
            self._login.accepted()
            self._played_mono_us = self._parts.clock.mono_us()
            _log.info("camera %s: plays", self.entry.camera)
            await first_of(self._session.ended(), self._stop.wait())
        finally:
            self._leave()

    async def _connected(self) -> Session | None:
        """A session that plays; None when the worker was stopped meanwhile."""
        parts = self._parts
        opening = self._source.open(self._login.credentials(), self._begin)
        session = await first_of(opening, parts.clock.sleep(self._settings.connect_timeout_s), self._stop.wait())
        if session is None and not self._stop.is_set():
            raise CameraUnreachable(Cause.TIMEOUT)
        return session

    def _begin(self, depacketise: Callable[[UnitSink, BufferPool], D], _traits: Traits) -> Run[D]:
        self._stalls.begin()
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
        self._recording.interrupt(GapCause.SILENT, self._parts.server.utc_us(), error.cause.value)
        self._set(State.WAITING, error.cause.value)
        return max(self._backoff.next_delay_s(), self._least_wait_s(error))

    def _least_wait_s(self, error: CameraUnreachable) -> float:
        """What the cause asks for."""
        if isinstance(error, CameraBusy):
            return self._settings.retry_busy_s if error.retry_after_s is None else error.retry_after_s
        return self._login.refused_s() if error.cause is Cause.UNAUTHORIZED else 0.0

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
        """See whether pictures come and are written, and tell whoever must know."""
        try:
            progress = self._stalls.look(run, self._played_mono_us, now_mono_us)
        except CameraUnreachable as error:
            session.fail(error)
            return
        match progress:
            case Progress.RECORDED:
                self._set(State.RECORDING, None)
            case Progress.SILENT if (self._state, self._cause) != (State.STALLED, Cause.STALLED.value):
                run.flush()
                self._recording.interrupt(GapCause.SILENT, self._parts.server.utc_us(), Cause.STALLED.value)
                self._set(State.STALLED, Cause.STALLED.value)
            case Progress.NOT_WRITTEN if self._cause != Cause.NOT_WRITTEN.value:
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


def _left_us(entry: CameraEntry | None, now_utc_us: UtcUs) -> int:
    """For how long the camera of this entry is left to the person who aims it."""
    if entry is None:
        return 0
    return left_of_commissioning(entry.commissioned_from_utc_us, entry.commissioned_until_utc_us, now_utc_us)
