"""A camera is tried out: a session of its own beside the recording, measured for some seconds, then given back."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from nvr.base.clock import Clock
from nvr.base.ids import CameraId
from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND
from recorder.depacketiser import UnitSink
from recorder.errors import CameraUnreachable, Cause
from recorder.logins import Secrets, credentials_of
from recorder.measuring import Measured, Measurement
from recorder.onvif.examining import Examined, examine
from recorder.onvif.reach import Reach
from recorder.run import Depacketiser
from recorder.source import D, Session, Source, Traits
from recorder.sources import is_finite
from recorder.status import CameraStatus, State
from recorder.verdict import Sessions, by_weight, decree, findings, level, of_device
from recorder.waiting import first_of
from storage.buffers import BufferPool
from storage.snapshot import CameraEntry

LOOK_S: Final = 0.5
"""How often the session is kept alive, and looked at whether enough was measured."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a test needs of the shard. `status` is None for a camera that has no worker.

    `source` is for sessions beside that of the recording.
    """

    secrets: Secrets
    status: Callable[[CameraId], CameraStatus | None]
    source: Callable[[CameraEntry], Source]
    clock: Clock
    connect_timeout_s: int
    reach: Reach


async def check(entry: CameraEntry, means: Means, *, limit_s: int) -> dict[str, Json]:
    """Try the camera out; the answer of the recorder's call `check` (docs/design/processes.md).

    It asks the camera for one session more than the recording has. Whether the camera refuses it, or gives up the
    recording for it, is part of the answer. Beside that the camera is asked over ONVIF what it is, as far as it speaks
    it.
    """
    before = means.status(entry.camera)
    (measured, cause), examined = await asyncio.gather(_measure(entry, means, limit_s), _examine(entry, means, limit_s))
    after = means.status(entry.camera)
    sessions = _sessions(before, after)
    found = by_weight([*findings(measured, cause, sessions), *of_device(examined, measured)])
    return {
        "camera": entry.camera,
        "result": (level(found) or "ok"),
        "cause": None if cause is None else cause.value,
        "measured": None if measured is None else asdict(measured),
        "device": examined.to_json(),
        "onvif": None if examined.cause is None else examined.cause.value,
        "decree": decree(measured).value,
        "recorded": sessions.recorded,
        "recording_lost": sessions.recording_lost,
        "findings": [{"level": each.level.value, "id": each.id, "fields": dict(each.fields)} for each in found],
    }


async def _examine(entry: CameraEntry, means: Means, limit_s: int) -> Examined:
    try:
        credentials = credentials_of(entry.secret, means.secrets)
    except CameraUnreachable as error:
        return Examined(cause=error.cause)
    return await examine(means.reach, entry.url, credentials, limit_s=limit_s)


async def _measure(entry: CameraEntry, means: Means, limit_s: int) -> tuple[Measured | None, Cause | None]:
    measuring: list[Measurement[Depacketiser]] = []

    def begin(depacketise: Callable[[UnitSink, BufferPool], D], traits: Traits) -> Measurement[D]:
        measurement = Measurement(lambda sink: depacketise(sink, BufferPool()), traits, means.clock)
        measuring.append(measurement)
        return measurement

    session: Session | None = None
    try:
        opening = means.source(entry).open(credentials_of(entry.secret, means.secrets), begin)
        session = await first_of(opening, means.clock.sleep(means.connect_timeout_s))
        if session is None:
            return None, Cause.TIMEOUT
        await first_of(session.ended(), _until(lambda: measuring[-1].is_enough, session, means.clock, limit_s))
    except CameraUnreachable as error:
        measured = measuring[-1].result() if measuring else None
        is_the_end = error.cause is Cause.CLOSED and is_finite(entry.url) and measured is not None
        return measured, None if is_the_end else error.cause
    finally:
        if session is not None:
            session.close()
    measured = measuring[-1].result()
    return measured, None if measured is not None else Cause.STALLED


async def _until(is_enough: Callable[[], bool], session: Session, clock: Clock, limit_s: int) -> None:
    end_mono_us = clock.mono_us() + limit_s * US_PER_SECOND
    while clock.mono_us() < end_mono_us and not is_enough():
        await clock.sleep(LOOK_S)
        session.tick(clock.mono_us())


def _sessions(before: CameraStatus | None, after: CameraStatus | None) -> Sessions:
    recorded = before is not None and before.state is State.RECORDING
    went_on = (
        before is not None
        and after is not None
        and after.reconnects == before.reconnects
        and after.state is State.RECORDING
    )
    return Sessions(recorded=recorded, recording_lost=recorded and not went_on)


async def check_all(
    entries: list[CameraEntry], means: Means, *, limit_s: int, at_once: int = 12
) -> list[dict[str, Json]]:
    """Try out several cameras, so many at once; in the order given."""
    turn = asyncio.Semaphore(at_once)

    async def one(entry: CameraEntry) -> dict[str, Json]:
        async with turn:
            return await check(entry, means, limit_s=limit_s)

    return list(await asyncio.gather(*(one(entry) for entry in entries)))
