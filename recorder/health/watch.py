"""Who is looked at when: one key frame of each camera every minute or so, offered to the looking process.

The event loop owns it all. What the process does not take now, the next key frame is offered for.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from nvr.base.clock import Clock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, UtcUs
from recorder.health.looker import Looked, Looker
from recorder.health.looks import Task
from recorder.health.references import References
from recorder.health.states import Light, Thresholds, Watched
from storage.records import CodecConfig, RandomAccess, Record
from storage.snapshot import CameraEntry

MOST_UNIT_BYTES: Final = 8 << 20
_MOST_PUT_OFF: Final = 6
"""A camera on whose picture the process dies is looked at again after 2, 4 ... 64 intervals."""
_BLIND_AFTER: Final = 5

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """What is known of one camera's picture. `learnt`: there is a reference; without it little can be told."""

    faults: tuple[str, ...] = ()
    since_utc_us: UtcUs | None = None
    """When the present faults were all found."""
    looked_utc_us: UtcUs | None = None
    """The last look that showed a picture; None: none was looked at yet."""
    learnt: bool = False


NOT_WATCHED: Final = CameraHealth()


@dataclass(slots=True)
class _Camera:
    entry: CameraEntry
    watched: Watched
    due_mono_us: int
    failures: int = 0
    health: CameraHealth = field(default_factory=CameraHealth)


class HealthWatch:
    """The cameras of one shard.

    `blind` is told with each look whether look after look fails. `aimed` says of a camera whether it looks one way.
    """

    def __init__(
        self,
        looker: Looker,
        references: References,
        clock: Clock,
        *,
        interval_s: int,
        thresholds: Thresholds,
        blind: Callable[[bool], None],
        aimed: Callable[[CameraEntry], bool] = lambda _: True,
    ) -> None:
        self._looker = looker
        self._references = references
        self._clock = clock
        self._interval_us = interval_s * US_PER_SECOND
        self._thresholds = thresholds
        self._blind = blind
        self._aimed = aimed
        self._failures = 0
        self._cameras: dict[CameraId, _Camera] = {}
        self._random = random.SystemRandom()

    async def run(self, stop: Stop) -> None:
        """Look until the stop."""
        await self._looker.run(stop)

    def watch(self, entry: CameraEntry) -> Callable[[Record, CodecConfig], None]:
        """Begin with the camera, or begin anew; call what comes back with each record before storage takes it."""
        aimed = self._aimed(entry)
        watched = Watched(self._thresholds, self._references.of(entry) if aimed else None, aimed=aimed)
        now_mono_us = self._clock.mono_us()
        camera = _Camera(entry, watched, now_mono_us + self._random.randint(0, self._interval_us))
        self._cameras[entry.camera] = camera

        def offer(record: Record, codec: CodecConfig) -> None:
            if record.random_access is not RandomAccess.NONE and self._clock.mono_us() >= camera.due_mono_us:
                self._offer(camera, record, codec)

        return offer

    def forget(self, camera: CameraId) -> None:
        """The camera is recorded no more."""
        self._cameras.pop(camera, None)
        self._references.drop(camera)

    def health(self, camera: CameraId) -> CameraHealth:
        """The camera as of its last look."""
        known = self._cameras.get(camera)
        return NOT_WATCHED if known is None else known.health

    def _offer(self, camera: _Camera, record: Record, codec: CodecConfig) -> None:
        size = record.sizes[0]
        if not self._looker.free or size > MOST_UNIT_BYTES:
            return
        compared = camera.watched.compared()
        task = Task(
            codec=codec.codec,
            extradata=codec.extradata,
            unit=bytes(memoryview(record.data)[:size]),
            recent=list(camera.watched.recent),
            references=[profile for _, profile in compared],
        )
        lights = [light for light, _ in compared]
        if self._looker.offer(task, lambda looked: self._looked(camera, lights, looked)):
            camera.due_mono_us += self._interval_us
            camera.due_mono_us = max(camera.due_mono_us, self._clock.mono_us() + self._interval_us // 2)

    def _looked(self, camera: _Camera, lights: list[Light], looked: Looked) -> None:
        name = camera.entry.camera
        self._failures = self._failures + 1 if looked.failed else 0
        self._blind(self._failures >= _BLIND_AFTER)
        if looked.failed:
            camera.failures = min(camera.failures + 1, _MOST_PUT_OFF)
            camera.due_mono_us = self._clock.mono_us() + (self._interval_us << camera.failures)
            _log.warning("camera %s: no answer about its picture; put off", name)
            return
        camera.failures = 0
        if looked.look is None or self._cameras.get(name) is not camera:
            return
        camera.watched.take(looked.look, dict(zip(lights, looked.look.matches, strict=True)))
        self._references.keep(camera.entry, camera.watched.references)
        self._tell(camera)

    def _tell(self, camera: _Camera) -> None:
        faults = tuple(fault.value for fault in camera.watched.faults)
        now_utc_us = self._clock.utc_us()
        before = camera.health
        if faults != before.faults:
            _log.warning("camera %s: picture %s", camera.entry.camera, ", ".join(faults) or "in order again")
        since_utc_us = before.since_utc_us if faults == before.faults else now_utc_us if faults else None
        camera.health = CameraHealth(faults, since_utc_us, now_utc_us, camera.watched.learnt)
