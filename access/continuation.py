"""The act by which a person declares that the ledger was cut by a restore, and lets it go on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from nvr.base.clock import Clock
from nvr.base.errors import Refused
from nvr.base.ids import ActId, uuid7
from nvr.base.jcs import Json
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register


class LedgerContinuation:
    """`ledger.continue`: who, why, and what is known to have been there."""

    def __init__(
        self, register: Register, broken: Callable[[], Awaitable[Mapping[str, Json] | None]], clock: Clock
    ) -> None:
        """`broken` asks the keeper what is to be declared (`storage.keeping.restored.Break`)."""
        self._register = register
        self._broken = broken
        self._clock = clock

    async def run(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Declare the lost span; `checkpoint` is one that somebody kept, where it is newer than what the keeper found.

        Raises:
            Denied: `person` may not.
            Refused: the keeper knows of nothing to declare (`ledger-not-restored`), or refuses the checkpoint.
            Retryable: the keeper does not answer.
        """
        reason, checkpoint = args.text("reason"), args.optional_text("checkpoint")
        args.done()
        role = demand(person, ActName.LEDGER_CONTINUE, NOTHING, self._clock.utc_us())
        broken = await self._broken()
        if broken is None:
            raise Refused("ledger-not-restored")
        personal = Personal(salted(reason=reason))
        body = _body(dict(broken), checkpoint, personal.committed["reason"].commitment, self._clock.utc_us())

        def propose(_: Session) -> Sequence[Proposal]:
            actor = Actor(id=person.account, role=role)
            return [Proposal(ActId(uuid7(self._clock.utc_us())), actor, body, personal)]

        (placed,) = await self._register.act(propose)
        return {
            "entry": placed.index,
            "size": body.size,
            "seen": body.seen,
            "from_utc_us": body.from_utc_us,
            "to_utc_us": body.to_utc_us,
        }


def continued_at(session: Session) -> list[int]:
    """The indices of the entries by which the ledger was continued."""
    acts = tables.Act
    query = select(acts.ledger_index).where(acts.type == people.Continue.t).order_by(acts.ledger_index)
    return [index for index in session.scalars(query) if index is not None]


def _body(broken: dict[str, Any], checkpoint: str | None, reason: str, now_utc_us: int) -> people.Continue:
    return people.Continue(
        size=broken["size"],
        root=broken["root"],
        kept=broken["kept"],
        seen=broken["seen"] if checkpoint is None else f"{checkpoint}\n",  # a note ends with a line end
        from_utc_us=broken["from_utc_us"],
        to_utc_us=max(now_utc_us, broken["from_utc_us"]),
        backup_utc_us=broken["backup_utc_us"],
        reason=reason,
    )
