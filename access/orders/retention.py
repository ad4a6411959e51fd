"""How long footage is kept, and the acts by which a person shortens that, or lets much of it go."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.values import camera_row, change_proposal, days_of
from access.orders.consent import Consent
from access.orders.orders import order_for
from access.policy import NOTHING, ActName, Person, demand
from access.ports import IndexPort
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, camera_id, uuid7
from nvr.base.jcs import Json
from nvr.base.units import US_PER_DAY, UtcUs
from storage.keeping.previews import OwnDays
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register

ALLOWED_US: Final = US_PER_DAY
"""So long an allowance waits for the pass that uses it."""


class RetentionActs:
    """The acts on retention."""

    def __init__(
        self, register: Register, index: IndexPort, forecast: Callable[[], Awaitable[Json]], clock: Clock
    ) -> None:
        self._register = register
        self._index = index
        self._forecast = forecast
        self._clock = clock

    async def show(self, person: Person, args: Arguments) -> Json:
        """Per camera: the order, its days and minimum, the oldest footage, and the days achieved. Raises Denied."""
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.RETENTION_SHOW, NOTHING, now)
        rows = await self._register.read(lambda session: _orders(session, now))
        starts = await self._index.oldest()
        for row in rows:
            oldest = starts.get(row["camera"])
            row["oldest_utc_us"] = oldest
            row["achieved_days"] = 0 if oldest is None else max(0, now - oldest) // US_PER_DAY
        return rows

    async def set(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Have a camera keep fewer days than its order says, or as many again; with `dry_run` only say what that does.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, or the camera is unknown or retired.
            WouldDestroy: footage that is there would be destroyed, and `accept_destruction` is not set.
        """
        demand(person, ActName.RETENTION_SET, NOTHING, self._clock.utc_us())
        consent, name = Consent.take(args), camera_id(args.text("camera"))
        days, order_days = days_of(args), args.flag("order_days")
        args.done()
        if (days is None) is not order_days:
            raise InvalidValue(field="retention_days", value=days, expected="days, or those of the order")
        await self._register.read(lambda session: camera_row(session, name))
        effects = await self._index.effects(OwnDays(name, days))
        if consent.dry_run:
            return {"effects": [asdict(each) for each in effects]}
        consent.demand(effects)

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.RETENTION_SET, NOTHING, now))
            return [change_proposal(actor, camera_row(session, name), now, retention_days=days)]

        await self._register.act(propose)
        return {"camera": name, "retention_days": days}

    async def forecast(self, person: Person, args: Arguments) -> Json:
        """When each disk will run short, as the keeper last estimated it; null before it has.

        Raises:
            Denied: `person` may not.
            Retryable: the keeper does not answer.
        """
        args.done()
        demand(person, ActName.RETENTION_FORECAST, NOTHING, self._clock.utc_us())
        return await self._forecast()

    async def allow(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Let the next pass destroy more than half of what there is of a camera, once, within 24 hours.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, or there is no such camera.
        """
        name, reason = camera_id(args.text("camera")), args.text("reason")
        args.done()
        personal = Personal(salted(reason=reason))
        until = 0

        def propose(session: Session) -> Sequence[Proposal]:
            nonlocal until
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.RETENTION_ALLOW, NOTHING, now))
            if session.get(tables.Camera, name) is None:  # a retired one has footage, too
                raise InvalidValue(field="camera", value=name, expected="a camera of the register")
            until = now + ALLOWED_US
            commitment = personal.committed["reason"].commitment
            body = people.Allow(camera=name, reason=commitment, until_utc_us=until)
            return [Proposal(ActId(uuid7(now)), actor, body, personal)]

        await self._register.act(propose)
        return {"camera": name, "until_utc_us": until}


def _orders(session: Session, now_utc_us: UtcUs) -> list[dict[str, Any]]:
    rows = []
    for camera in session.scalars(select(tables.Camera).order_by(tables.Camera.camera)):
        order = order_for(session, camera.camera, now_utc_us)
        rows.append(
            {
                "camera": camera.camera,
                "order": None if order is None else order.number,
                "order_ends_utc_us": None if order is None else order.to_utc_us,
                "days": None if order is None else order.retention_days,
                "camera_days": camera.retention_days,
                "minimum_days": None if order is None else order.minimum_days,
            }
        )
    return rows
