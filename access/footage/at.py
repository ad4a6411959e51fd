"""`footage.at`: what there is of a place or of cameras at a time, and until when; it shows no picture."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from typing import Any, Final

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.places import cameras_named, points_at
from access.footage.countdown import Asked, Terms, countdown
from access.footage.coverage import Fate, Told, parts, totals_us
from access.footage.overlaps import as_told, overlaps
from access.footage.pressure import pressure_utc_us
from access.footage.standing import looked, nobody_there, placements, recorded_at_us
from access.footage.terms import terms_of
from access.holds.placing import Scope
from access.policy import NOTHING, ActName, Allowed, Person, decide, demand
from access.ports import IndexPort, Known
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, NvrError
from nvr.base.ids import CameraId
from nvr.base.jcs import Json
from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.register import tables
from storage.register.register import Register

SETTLED_US: Final = 15 * 60 * US_PER_SECOND
"""Footage younger than this may be in a segment that is not closed yet: nothing is said to be missing."""

PATIENCE_S: Final = 20.0
"""Whoever asks does not wait any longer for what the index has."""

MOST_CAMERA_DAYS: Final = 1000
"""Of the past, in one question: 288,000 segments of five minutes."""

MOST_PARTS: Final = 200
"""Of one camera: a camera that fails every minute would fill the answer of a whole town."""

MOST_PARTS_IN_ALL: Final = 40_000
"""Of all cameras: an answer is one frame (`nvr.base.wire`)."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks for what, when."""

    scope: Scope
    by_name: bool
    now_utc_us: UtcUs


@dataclass(frozen=True, slots=True)
class _Look:
    """What the register says: the answer as far as it goes, cameras apart, and what countdowns rest on."""

    answer: dict[str, Any]
    cameras: Mapping[CameraId, dict[str, Any]]
    terms: Terms

    @property
    def most_parts(self) -> int:
        """Of each camera."""
        return min(MOST_PARTS, MOST_PARTS_IN_ALL // max(1, len(self.cameras)))


class FootageActs:
    """The act that says what there is."""

    def __init__(
        self,
        register: Register,
        index: IndexPort,
        forecast: Callable[[], Awaitable[Json]],
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._register = register
        self._index = index
        self._forecast = forecast
        self._clock = clock
        self._zone = zone

    async def at(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Per camera where it stood and looked, what exists of it, what not and why, and when the first of it goes.

        What the index would say is null while it can not be read.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, or more is asked for than one question may read.
        """
        scope = Scope(args)
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.FOOTAGE_AT, NOTHING, now)
        may_see = isinstance(decide(person, ActName.REQUISITION_SHOW, NOTHING, now), Allowed)
        asker = _Asker(scope, may_see, now)
        pressure = await pressure_utc_us(self._forecast)
        look = await self._register.read(lambda session: _look(session, asker, self._zone, pressure))
        known = await self._known(tuple(look.cameras), asker)
        return {**look.answer, "cameras": await asyncio.to_thread(_cameras, look, known, asker)}

    async def _known(self, cameras: Sequence[CameraId], asker: _Asker) -> Mapping[CameraId, Known] | None:
        scope = asker.scope
        past_us = max(0, min(scope.to_utc_us, asker.now_utc_us) - scope.from_utc_us)
        if len(cameras) * past_us > MOST_CAMERA_DAYS * US_PER_DAY:
            days = MOST_CAMERA_DAYS // len(cameras)
            expected = f"at most {days} days at once, for {len(cameras)} cameras"
            raise InvalidValue(field="to_utc_us", value=scope.to_utc_us, expected=expected)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._index.known(cameras, scope.from_utc_us, scope.to_utc_us)
        except (NvrError, TimeoutError) as error:
            _log.warning("footage is told without a look at what there is: %s", error)
            return None


def _look(session: Session, asker: _Asker, zone: tzinfo, pressure: UtcUs | None) -> _Look:
    scope, now = asker.scope, asker.now_utc_us
    cameras = scope.resolve(session)
    meant = {} if scope.place is None else points_at(session, scope.place)
    asked = Asked(cameras, scope.from_utc_us, scope.to_utc_us)
    nobody: dict[str, Json] = {"elsewhen": [], "suggestions": []}
    if scope.place is not None and not (cameras and cameras_named(session, scope.place)):
        nobody = nobody_there(session, scope.place, scope.from_utc_us, scope.to_utc_us, now)
    answer = {
        "utc_us": now,
        "place": scope.place,
        "points": sorted(meant),
        "from_utc_us": scope.from_utc_us,
        "to_utc_us": scope.to_utc_us,
        **nobody,
        **as_told(overlaps(session, asked, now), by_name=asker.by_name),
    }
    told = {camera: _of_register(session, camera, scope, meant) for camera in cameras}
    return _Look(answer, told, terms_of(session, zone, now, pressure))


def _of_register(
    session: Session, camera: CameraId, scope: Scope, meant: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    row = session.get_one(tables.Camera, camera)
    return {
        "camera": camera,
        "kind": row.kind,
        "retired": row.retired,
        "looked": looked(row),
        "placements": placements(session, camera, meant, scope.from_utc_us, scope.to_utc_us),
    }


def _cameras(look: _Look, known: Mapping[CameraId, Known] | None, asker: _Asker) -> list[Json]:
    of_index = {camera: None if known is None else known.get(camera, Known()) for camera in look.cameras}
    return [{**told, **_of_index(told, of_index[camera], asker, look)} for camera, told in look.cameras.items()]


def _of_index(told: Mapping[str, Any], known: Known | None, asker: _Asker, look: _Look) -> dict[str, Any]:
    scope, now = asker.scope, asker.now_utc_us
    asked = Asked((told["camera"],), scope.from_utc_us, scope.to_utc_us)
    if known is None:
        found = countdown(asked, look.terms)
        return {"coverage": None, "countdown": None if found is None else asdict(found)}
    placed = [(one["from_utc_us"], one["to_utc_us"]) for one in told["placements"]]
    seen = Told(known.recorded, known.vanished, known.gaps, placed)
    pieces = parts(seen, scope.from_utc_us, scope.to_utc_us, now, now - SETTLED_US)
    left = _what_is_left(asked, known, now)
    found = None if left is None else countdown(left, look.terms)
    past_us = min(scope.to_utc_us, now) - scope.from_utc_us
    totals = totals_us(pieces)
    dome = told["looked"] and {**told["looked"], "moves": [one._asdict() for one in known.moves[-look.most_parts :]]}
    return {
        "looked": dome,
        "placements": [{**one, "recorded_us": recorded_at_us(pieces, one)} for one in told["placements"]],
        "coverage": {
            "totals_us": dict(totals),
            "recorded_permille": totals[Fate.RECORDED] * 1000 // past_us if past_us > 0 else None,
            "parts": [asdict(piece) for piece in pieces[: look.most_parts]],
            "parts_in_all": len(pieces),
        },
        "countdown": None if found is None else asdict(found),
    }


def _what_is_left(asked: Asked, known: Known, now_utc_us: int) -> Asked | None:
    """What of it exists, is being written or is to come; None: nothing."""
    if known.began_utc_us is not None:
        begin = max(asked.from_utc_us, known.began_utc_us)
        return replace(asked, from_utc_us=begin, began_utc_us=known.began_utc_us)
    young_utc_us = max(asked.from_utc_us, now_utc_us - SETTLED_US)
    return replace(asked, from_utc_us=young_utc_us) if asked.to_utc_us > young_utc_us else None
