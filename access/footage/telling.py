"""What is added to the answers of other acts: when footage goes, and who asked for the same before."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.footage.countdown import Asked, Terms, countdown
from access.footage.overlaps import as_told, duplicate_of, overlaps
from access.footage.pressure import pressure_utc_us
from access.footage.standing import nobody_there
from access.footage.terms import terms_of
from access.policy import NOTHING, ActName, Allowed, Person, decide
from nvr.base.clock import Clock
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.register.register import Register
from storage.register.tables import RequisitionState

Handler: TypeAlias = Callable[[Person, Arguments], Awaitable[Json]]

_WITHOUT: Final = frozenset({RequisitionState.NO_IMAGES})
"""Nothing of what they ask for exists: there is nothing to count."""


class Telling:
    """Lays what the register says of footage beside answers that have `cameras`, `from_utc_us` and `to_utc_us`.

    It reads the register once for all of them, and never the index: it is told while that is away, too.
    """

    def __init__(self, register: Register, forecast: Callable[[], Awaitable[Json]], clock: Clock, zone: tzinfo) -> None:
        self._register = register
        self._forecast = forecast
        self._clock = clock
        self._zone = zone

    def countdown(self, act: Handler) -> Handler:
        """The act, its answer or each of its answers with `countdown`; null where there is nothing to count."""

        async def told(person: Person, args: Arguments) -> Json:
            answer: Any = await act(person, args)
            pressure = await pressure_utc_us(self._forecast)
            terms = await self._register.read(lambda session: self._terms(session, pressure))
            return await asyncio.to_thread(_counted, answer, terms)

        return told

    def overlaps(self, act: Handler) -> Handler:
        """The act, its answer with the earlier requests that it overlaps, and with who stood at a place without camera.

        Nothing is refused for it.
        """

        async def told(person: Person, args: Arguments) -> Json:
            answer: Any = await act(person, args)
            return {**answer, **await self._register.read(lambda session: self._overlaps(session, person, answer))}

        return told

    def _terms(self, session: Session, pressure: UtcUs | None) -> Terms:
        return terms_of(session, self._zone, self._clock.utc_us(), pressure)

    def _overlaps(self, session: Session, person: Person, answer: Mapping[str, Any]) -> dict[str, Json]:
        now = self._clock.utc_us()
        asked = Asked(answer["cameras"], answer["from_utc_us"], answer["to_utc_us"])
        number, own = answer.get("authority_number"), (answer.get("requisition"), answer["hold"])
        found = overlaps(session, asked, now, authority_number=number, but=own)
        by_name = isinstance(decide(person, ActName.REQUISITION_SHOW, NOTHING, now), Allowed)
        told = as_told(found, by_name=by_name) | {"duplicate_of": duplicate_of(found)}
        if asked.cameras or answer.get("place") is None:
            return told
        begin, end = UtcUs(asked.from_utc_us), UtcUs(asked.to_utc_us)
        return told | nobody_there(session, answer["place"], begin, end, now)


def _counted(answer: Any, terms: Terms) -> Json:  # noqa: ANN401 -- JSON of another act
    if isinstance(answer, Mapping):
        return {**answer, "countdown": _countdown(answer, terms)}
    return [{**one, "countdown": _countdown(one, terms)} for one in answer]


def _countdown(answer: Mapping[str, Any], terms: Terms) -> Json:
    if answer.get("state") in _WITHOUT:
        return None
    found = countdown(Asked(answer["cameras"], answer["from_utc_us"], answer["to_utc_us"]), terms)
    return None if found is None else asdict(found)
