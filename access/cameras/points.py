"""Points of the prefect's orders: where cameras may stand."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.ids import ActId, point_id, uuid7
from nvr.base.jcs import Json
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register


class Points:
    """The acts on points."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock

    async def add(self, person: Person, args: Arguments) -> dict[str, Json]:
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
