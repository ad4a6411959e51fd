"""By which right a camera begins to record: the prefect's order, or for a time the decision of a person in its place.

The prefect authorises cameras before they are installed (CSI L252-1). So an act by which one begins to record, or
stands at another point, is refused while no order covers it, unless whoever enters it decides so: with a reason and an
end, in the ledger before the camera. For one that is there a person may decide anew, as long as the order has not come.
A running decision is as good as an order here, and for nothing else: how long footage is kept, and the alarm, follow
orders alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.orders.orders import order_for
from nvr.base.errors import InvalidValue, Refused
from nvr.base.ids import ActId, CameraId, uuid7
from nvr.base.units import US_PER_DAY, UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted

MOST_DAYS: Final = 120
"""No decision lasts longer: four months at their shortest, as a prefect's provisional authorisation (CSI L252-6)."""


class NoOrder(Refused):
    """No order covers `cameras` at `at_utc_us`, and nobody decided to go on without one."""

    message_id = "camera-without-order"


@dataclass(frozen=True, slots=True)
class Decision:
    """To record without an order, why and until when."""

    reason: str
    until_utc_us: UtcUs

    @classmethod
    def take(cls, args: Arguments, now_utc_us: UtcUs) -> "Decision | None":
        """`without_order` (the reason) and `until_utc_us`, or neither.

        Raises:
            InvalidValue: one without the other, or an end that is past or more than `MOST_DAYS` ahead.
        """
        reason = args.optional_text("without_order")
        until = args.optional_integer("until_utc_us", least=0)
        if reason is None and until is None:
            return None
        if reason is None:
            raise InvalidValue(field="without_order", value=None, expected="why it is recorded without an order")
        latest_utc_us = now_utc_us + MOST_DAYS * US_PER_DAY
        if until is None or not now_utc_us < until <= latest_utc_us:
            expected = f"the end of the decision: later than now, at most {MOST_DAYS} days ahead, {latest_utc_us}"
            raise InvalidValue(field="until_utc_us", value=until, expected=expected)
        return cls(reason, UtcUs(until))


def uncovered(session: Session, cameras: Iterable[CameraId], at_utc_us: UtcUs) -> tuple[CameraId, ...]:
    """The cameras, sorted, that neither an order nor a running decision covers at this instant."""
    last = last_decisions(session)
    return tuple(
        camera
        for camera in sorted(cameras)
        if order_for(session, camera, at_utc_us) is None
        and (camera not in last or last[camera].until_utc_us <= at_utc_us)
    )


def demand_cover(
    session: Session, actor: Actor, cameras: Iterable[CameraId], decision: Decision | None, now_utc_us: UtcUs
) -> Sequence[Proposal]:
    """What is to be entered before these cameras: nothing where orders cover them, else the decision on the others.

    Raises:
        NoOrder: some are not covered, and there is no decision.
    """
    without = uncovered(session, cameras, now_utc_us)
    if not without:
        return ()
    if decision is None:
        raise NoOrder(cameras=", ".join(without), at_utc_us=now_utc_us)
    return [decision_proposal(actor, without, decision, now_utc_us)]


def decision_proposal(actor: Actor, cameras: tuple[CameraId, ...], decision: Decision, now_utc_us: UtcUs) -> Proposal:
    """The entry of a decision on these cameras; the reason is a commitment."""
    personal = Personal(salted(reason=decision.reason))
    body = people.Uncovered(
        decision=uuid7(now_utc_us),
        cameras=cameras,
        until_utc_us=decision.until_utc_us,
        reason=personal.committed["reason"].commitment,
    )
    return Proposal(ActId(uuid7(now_utc_us)), actor, body, personal)


def decisions(session: Session) -> Sequence[tables.Uncovered]:
    """All of them, the last first."""
    last_first = (tables.Uncovered.decided_utc_us.desc(), tables.Uncovered.decision.desc())
    return session.scalars(select(tables.Uncovered).order_by(*last_first)).all()


def last_decisions(session: Session) -> Mapping[str, tables.Uncovered]:
    """By camera the last decision on it, be it over or not."""
    return {camera: row for row in reversed(decisions(session)) for camera in row.cameras}
