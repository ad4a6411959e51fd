"""Cameras tried out: access says which, the recorders do it, since they have the network and the logins."""

import asyncio
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from access.ports import CameraChecks
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId, camera_id
from nvr.base.jcs import Json
from storage.register import tables
from storage.register.register import Register

DEFAULT_SECONDS: Final = 12
"""Long enough for two sender reports, and for two groups of pictures of most cameras."""
MOST_SECONDS: Final = 60


class CameraTest:
    """The act `camera.test`."""

    def __init__(self, register: Register, checks: CameraChecks, clock: Clock) -> None:
        self._register = register
        self._checks = checks
        self._clock = clock

    async def run(self, person: Person, args: Arguments) -> Json:
        """Measure these cameras, or all that are recorded; by name. No picture is kept or looked at.

        Raises:
            Denied: `person` may not.
            InvalidValue: a camera is unknown or retired.
            Retryable: a recorder does not answer.
        """
        names = args.optional_names("cameras")
        seconds = args.optional_integer("seconds", least=1, most=MOST_SECONDS) or DEFAULT_SECONDS
        args.done()
        demand(person, ActName.CAMERA_TEST, NOTHING, self._clock.utc_us())
        wanted = None if names is None else {camera_id(name) for name in names}
        shards = await self._register.read(lambda session: _by_shard(session, wanted))
        answers = await asyncio.gather(
            *(self._checks.check(shard, cameras, seconds) for shard, cameras in shards.items())
        )
        found = {str(check["camera"]): dict(check) for answer in answers for check in answer}
        missing = {camera for cameras in shards.values() for camera in cameras} - found.keys()
        found |= {camera: _not_taken_up(camera) for camera in missing}
        return [found[camera] for camera in sorted(found)]


def _by_shard(session: Session, wanted: set[CameraId] | None) -> dict[int, list[CameraId]]:
    rows = session.scalars(select(tables.Camera).where(tables.Camera.retired.is_(False)).order_by(tables.Camera.camera))
    known = {CameraId(row.camera): row.shard for row in rows}
    for camera in sorted((wanted or set()) - known.keys()):
        raise InvalidValue(field="cameras", value=camera, expected="cameras that are not retired")
    shards: dict[int, list[CameraId]] = {}
    for camera, shard in known.items():
        if wanted is None or camera in wanted:
            shards.setdefault(shard, []).append(camera)
    return shards


def _not_taken_up(camera: str) -> dict[str, Json]:
    """The recorder does not know the camera yet: it was added a moment ago, or the snapshot waits."""
    return {
        "camera": camera,
        "result": "failed",
        "cause": None,
        "measured": None,
        "device": None,
        "onvif": None,
        "decree": "unknown",
        "recorded": False,
        "recording_lost": False,
        "findings": [{"level": "failed", "id": "test-not-taken-up", "fields": {}}],
    }
