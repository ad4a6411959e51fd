"""The prefect's orders: by which right footage is recorded, and for how long it is kept.

Footage follows the orders that were in force when it began, as the register has them now: an order that is entered late
or corrected counts for what is there already, and may destroy it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.publication import Publisher
from access.cameras.values import camera_row
from access.orders.consent import Consent
from access.orders.cover import Decision, decision_proposal, decisions
from access.orders.orders import LONGEST_DAYS, order_for
from access.policy import NOTHING, ActName, Person, demand
from access.ports import IndexPort
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, AuthorisationId, CameraId, camera_id, uuid7
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.index.rows import Order
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register


class Authorisations:
    """The acts on orders."""

    def __init__(self, register: Register, publisher: Publisher, index: IndexPort, clock: Clock) -> None:
        self._register = register
        self._publisher = publisher
        self._index = index
        self._clock = clock

    async def add(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Enter an order, and publish what it covers; with `dry_run` only say what it would do.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, or the order that it renews is not in the register.
            WouldDestroy: footage that is there would be destroyed, and `accept_destruction` is not set.
        """
        demand(person, ActName.AUTHORISATION_ADD, NOTHING, self._clock.utc_us())
        consent = Consent.take(args)
        number = args.text("number", most=100)
        from_utc_us, to_utc_us = args.interval()
        days = args.integer("retention_days", least=1, most=LONGEST_DAYS)
        order = Order(
            authorisation=AuthorisationId(uuid7(self._clock.utc_us())),
            number=number,
            from_utc_us=from_utc_us,
            to_utc_us=to_utc_us,
            retention_days=days,
            minimum_days=args.optional_integer("minimum_days", least=0, most=days),
            cameras=_names(args),
        )
        renewed = args.optional_text("succeeds", most=100)
        args.done()
        succeeds = await self._register.read(lambda session: _renewed(session, renewed, order))
        return await self._enter(person, ActName.AUTHORISATION_ADD, order, succeeds, None, consent)

    async def edit(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Correct an order, for a reason; what is not named stays. Raises as `add`."""
        demand(person, ActName.AUTHORISATION_EDIT, NOTHING, self._clock.utc_us())
        consent = Consent.take(args)
        number, reason = args.text("authorisation", most=100), args.text("reason")
        known, succeeds = await self._register.read(lambda session: _order(session, number))
        days = args.optional_integer("retention_days", least=1, most=LONGEST_DAYS) or known.retention_days
        minimum = args.optional_integer("minimum_days", least=0, most=days)
        begin, end = _instant(args, "from_utc_us"), _instant(args, "to_utc_us")
        cameras, all_cameras = _names(args), args.flag("all_cameras")
        if cameras is not None and all_cameras:
            raise InvalidValue(field="cameras", value=", ".join(sorted(cameras)), expected="nothing with all_cameras")
        order = replace(
            known,
            number=args.optional_text("number", most=100) or known.number,
            from_utc_us=known.from_utc_us if begin is None else begin,
            to_utc_us=known.to_utc_us if end is None else end,
            retention_days=days,
            minimum_days=known.minimum_days if minimum is None else minimum,
            cameras=None if all_cameras else known.cameras if cameras is None else cameras,
        )
        args.done()
        if order.to_utc_us is not None and order.to_utc_us <= order.from_utc_us:
            raise InvalidValue(field="to_utc_us", value=order.to_utc_us, expected="later than from_utc_us")
        if order.minimum_days is not None and order.minimum_days > days:
            raise InvalidValue(field="minimum_days", value=order.minimum_days, expected=f"at most {days}")
        return await self._enter(person, ActName.AUTHORISATION_EDIT, order, succeeds, reason, consent)

    async def list(self, person: Person, args: Arguments) -> Json:
        """Every order, the last begun first, with the cameras for which it decides now and those that are to come.

        Beside them the cameras without any, and what persons decided in place of an order.
        Raises Denied.
        """
        args.done()
        now = self._clock.utc_us()
        demand(person, ActName.AUTHORISATION_LIST, NOTHING, now)
        return await self._register.read(lambda session: _listed(session, now))

    async def without_order(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Decide that cameras that are there go on without an order, also after a decision before; the last counts.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, a camera is unknown or retired, or an order covers it.
        """
        demand(person, ActName.AUTHORISATION_WITHOUT, NOTHING, self._clock.utc_us())
        names = tuple(sorted(_names(args) or ()))
        if not names:
            raise InvalidValue(field="cameras", value=None, expected="the cameras that are meant")
        decision = Decision.take(args, self._clock.utc_us())
        if decision is None:
            raise InvalidValue(field="without_order", value=None, expected="why it is recorded without an order")
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.AUTHORISATION_WITHOUT, NOTHING, now))
            for name in names:
                if order_for(session, camera_row(session, name).camera, now) is not None:
                    raise InvalidValue(field="cameras", value=name, expected="cameras that no order covers now")
            return [decision_proposal(actor, names, decision, now)]

        (placed,) = await self._register.act(propose)
        await self._publisher.publish_soon()
        return {
            "cameras": list(names),
            "decided_by": person.account,
            "until_utc_us": decision.until_utc_us,
            "ledger_index": placed.index,
        }

    async def _enter(
        self,
        person: Person,
        act: ActName,
        order: Order,
        succeeds: str | None,
        reason: str | None,
        consent: Consent,
    ) -> dict[str, Json]:
        effects = await self._index.effects(order)
        if consent.dry_run:
            return {"effects": [asdict(each) for each in effects]}
        consent.demand(effects)
        personal = Personal(salted(reason=reason))

        def propose(_: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, act, NOTHING, now))
            body = people.Authorisation(
                authorisation=order.authorisation,
                number=order.number,
                from_utc_us=order.from_utc_us,
                to_utc_us=order.to_utc_us,
                retention_days=order.retention_days,
                minimum_days=order.minimum_days,
                cameras=None if order.cameras is None else tuple(sorted(map(CameraId, order.cameras))),
                succeeds=succeeds,
                reason=personal.commitment("reason"),
            )
            return [Proposal(ActId(uuid7(now)), actor, body, personal)]

        await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._register.read(
            lambda session: {
                **as_json(session.get_one(tables.Authorisation, order.authorisation)),
                "to_come": _to_come(session, order.cameras),
            }
        )


def _names(args: Arguments) -> frozenset[CameraId] | None:
    names = args.optional_names("cameras")
    return None if names is None else frozenset(map(_camera, names))


def _camera(name: str) -> CameraId:
    try:
        return camera_id(name)
    except InvalidValue as error:
        raise InvalidValue(field="cameras", value=name, expected=str(error.fields["expected"])) from error


def _instant(args: Arguments, field: str) -> UtcUs | None:
    value = args.optional_integer(field, least=0)
    return None if value is None else UtcUs(value)


def _to_come(session: Session, names: Iterable[str] | None) -> list[str]:
    """Those of the cameras that the register does not have: an order comes before what it allows to install."""
    return [camera for camera in sorted(names or ()) if session.get(tables.Camera, camera) is None]


def _one(session: Session, field: str, number: str) -> tables.Authorisation:
    """The order of this id or number. Raises InvalidValue: there is none, or several have the number."""
    columns = tables.Authorisation.authorisation, tables.Authorisation.number
    found = [row for column in columns for row in session.scalars(select(tables.Authorisation).where(column == number))]
    if len(found) != 1:
        expected = "the number of an order" if not found else f"an id, as {len(found)} orders have this number"
        raise InvalidValue(field=field, value=number, expected=expected)
    return found[0]


def _renewed(session: Session, number: str | None, order: Order) -> str | None:
    """The id of the order that this one renews. Raises InvalidValue: there is none, or days lie between."""
    if number is None:
        return None
    known = _one(session, "succeeds", number)
    if known.to_utc_us is not None and order.from_utc_us > known.to_utc_us:
        raise InvalidValue(field="from_utc_us", value=order.from_utc_us, expected=f"at most {known.to_utc_us}, its end")
    return known.authorisation


def _order(session: Session, number: str) -> tuple[Order, str | None]:
    row = _one(session, "authorisation", number)
    return Order.of(row), row.succeeds


def _listed(session: Session, now_utc_us: UtcUs) -> dict[str, Json]:
    cameras = session.scalars(
        select(tables.Camera.camera).where(tables.Camera.retired.is_(False)).order_by(tables.Camera.camera)
    ).all()
    deciding = {camera: order_for(session, camera, now_utc_us) for camera in cameras}
    rows = session.scalars(select(tables.Authorisation).order_by(tables.Authorisation.from_utc_us.desc()))
    return {
        "authorisations": [
            {
                **as_json(row),
                "state": _state(row, now_utc_us),
                "decides_for": [camera for camera, order in deciding.items() if order is row],
                "to_come": _to_come(session, row.cameras),
            }
            for row in rows
        ],
        "decisions": [as_json(row) for row in decisions(session)],
        "without": [camera for camera, order in deciding.items() if order is None],
    }


def _state(row: tables.Authorisation, now_utc_us: UtcUs) -> str:
    if row.from_utc_us > now_utc_us:
        return "coming"
    return "in force" if row.to_utc_us is None or row.to_utc_us > now_utc_us else "ended"
