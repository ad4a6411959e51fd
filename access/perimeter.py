"""Points and prefect's orders: where cameras may stand, by which right, and for how long footage is kept."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from access.publication import Publisher
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, AuthorisationId, CameraId, point_id, uuid7
from nvr.base.jcs import Json
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register


class Perimeter:
    """The acts on points and orders."""

    def __init__(self, register: Register, publisher: Publisher, clock: Clock) -> None:
        self._register = register
        self._publisher = publisher
        self._clock = clock

    async def add_point(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Add or correct a point of the prefect's order. Raises Denied, InvalidValue."""
        body = people.Point(
            point=point_id(args.text("point")),
            number=args.text("number", most=100),
            district=args.optional_text("district"),
            address=args.optional_text("address"),
            streets=args.optional_text("streets"),
            view=args.optional_text("view"),
            lat_e7=args.optional_integer("lat_e7", least=-900_000_000, most=900_000_000),
            lon_e7=args.optional_integer("lon_e7", least=-1_800_000_000, most=1_800_000_000),
        )
        args.done()

        def propose(_: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.POINT_ADD, NOTHING, now))
            return [Proposal(ActId(uuid7(now)), actor, body)]

        await self._register.act(propose)
        return await self._register.read(lambda session: as_json(session.get_one(tables.Point, body.point)))

    async def add_authorisation(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Enter a prefect's order, and publish what it covers.

        Raises:
            Denied: `person` may not.
            InvalidValue: a value is wrong, or a camera is not in the register.
        """
        number = args.text("number", most=100)
        from_utc_us, to_utc_us = args.interval()
        days = args.integer("retention_days", least=1, most=31)
        minimum = args.optional_integer("minimum_days", least=0, most=days)
        names = args.optional_names("cameras")
        args.done()
        name = AuthorisationId(uuid7(self._clock.utc_us()))

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, ActName.AUTHORISATION_ADD, NOTHING, now))
            body = people.Authorisation(
                authorisation=name,
                number=number,
                from_utc_us=from_utc_us,
                to_utc_us=to_utc_us,
                retention_days=days,
                minimum_days=minimum,
                cameras=None if names is None else tuple(_known(session, camera) for camera in names),
            )
            return [Proposal(ActId(uuid7(now)), actor, body)]

        await self._register.act(propose)
        await self._publisher.publish_soon()
        return await self._register.read(lambda session: as_json(session.get_one(tables.Authorisation, name)))


def _known(session: Session, camera: str) -> CameraId:
    if session.get(tables.Camera, camera) is None:
        raise InvalidValue(field="cameras", value=camera, expected="cameras of the register")
    return CameraId(camera)
