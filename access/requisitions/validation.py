"""The validation of a requisition: what the validator says, and how the grant may narrow what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.holds.placing import change_of_hold
from access.policy import ActName, Person, demand
from access.reading import about_requisition, requisition_row
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, CameraId, GrantId, RequisitionNo, camera_id, requisition_no, uuid7
from nvr.base.units import US_PER_DAY, UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.vault.hpke import PublicKey

DEFAULT_VALID_DAYS: Final = 15
MOST_VALID_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is granted of a requisition."""

    cameras: tuple[CameraId, ...]
    from_utc_us: UtcUs
    to_utc_us: UtcUs


@dataclass(frozen=True, slots=True)
class Validation:
    """What the validator said; None narrows nothing."""

    number: RequisitionNo
    authority_number: str
    basis: str
    checked: str
    cameras: tuple[CameraId, ...] | None
    from_utc_us: UtcUs | None
    to_utc_us: UtcUs | None
    valid_days: int

    @classmethod
    def take(cls, args: Arguments) -> "Validation":
        """From the arguments of the act. Raises InvalidValue."""
        names = args.optional_names("cameras")
        from_utc_us = args.optional_integer("from_utc_us", least=0)
        to_utc_us = args.optional_integer("to_utc_us", least=0)
        return cls(
            number=requisition_no(args.text("requisition")),
            authority_number=args.text("authority_number", most=200),
            basis=args.text("basis", most=200),
            checked=args.text("checked"),
            cameras=None if names is None else tuple(sorted(camera_id(name) for name in names)),
            from_utc_us=None if from_utc_us is None else UtcUs(from_utc_us),
            to_utc_us=None if to_utc_us is None else UtcUs(to_utc_us),
            valid_days=args.optional_integer("valid_days", least=1, most=MOST_VALID_DAYS) or DEFAULT_VALID_DAYS,
        )

    def check(self, session: Session, person: Person, now_utc_us: UtcUs) -> None:
        """Whether this person may validate this now. Raises Denied, InvalidValue."""
        row = requisition_row(session, self.number)
        demand(person, ActName.REQUISITION_VALIDATE, about_requisition(session, row), now_utc_us)
        self._bounds(row, now_utc_us)

    def propose(
        self, session: Session, person: Person, grant: GrantId, release: PublicKey, now_utc_us: UtcUs
    ) -> Sequence[Proposal]:
        """The completed requisition, its hold without end, and the grant, as one group. Raises Denied, InvalidValue."""
        row = requisition_row(session, self.number)
        role = demand(person, ActName.REQUISITION_VALIDATE, about_requisition(session, row), now_utc_us)
        bounds = self._bounds(row, now_utc_us)
        actor = Actor(id=person.account, role=role)
        personal = Personal(salted(checked=self.checked))
        body = people.Grant(
            grant=grant,
            requisition=self.number,
            cameras=bounds.cameras,
            from_utc_us=bounds.from_utc_us,
            to_utc_us=bounds.to_utc_us,
            valid_until_utc_us=now_utc_us + self.valid_days * US_PER_DAY,
            opener=row.requested_by,
            requested_by=row.requested_by,
            release_public=release.text,
            checked=personal.committed["checked"].commitment,
        )
        return [
            self._completed(actor, row, now_utc_us),
            self._lifted(session, actor, row, bounds, now_utc_us),
            Proposal(ActId(uuid7(now_utc_us)), actor, body, personal),
        ]

    def _bounds(self, row: tables.Requisition, now_utc_us: UtcUs) -> Bounds:
        cameras = tuple(CameraId(camera) for camera in row.cameras) if self.cameras is None else self.cameras
        from_utc_us = UtcUs(row.from_utc_us) if self.from_utc_us is None else self.from_utc_us
        to_utc_us = UtcUs(row.to_utc_us) if self.to_utc_us is None else self.to_utc_us
        outside = [camera for camera in cameras if camera not in row.cameras]
        if outside or not cameras:
            expected = f"of the requisition's cameras: {', '.join(row.cameras)}"
            raise InvalidValue(field="cameras", value=", ".join(outside), expected=expected)
        if not row.from_utc_us <= from_utc_us < row.to_utc_us:
            expected = f"from {row.from_utc_us} on, and before {row.to_utc_us}"
            raise InvalidValue(field="from_utc_us", value=from_utc_us, expected=expected)
        latest = min(row.to_utc_us, now_utc_us)
        if not from_utc_us < to_utc_us <= latest:
            expected = f"after {from_utc_us}, at most {latest}: what was asked for, and past"
            raise InvalidValue(field="to_utc_us", value=to_utc_us, expected=expected)
        return Bounds(cameras, from_utc_us, to_utc_us)

    def _completed(self, actor: Actor, row: tables.Requisition, now_utc_us: UtcUs) -> Proposal:
        personal = Personal(
            salted(
                requester=row.requester,
                authority=row.authority,
                authority_number=self.authority_number,
                document=row.document,
            )
        )
        body = people.Requisition(
            requisition=self.number,
            hold=row.hold,
            cameras=tuple(row.cameras),
            from_utc_us=row.from_utc_us,
            to_utc_us=row.to_utc_us,
            basis=self.basis,
            authority=personal.commitment("authority"),
            authority_number=personal.commitment("authority_number"),
            requester=personal.commitment("requester"),
            document=personal.commitment("document"),
            answer=None,
        )
        return Proposal(ActId(uuid7(now_utc_us)), actor, body, personal)

    def _lifted(
        self, session: Session, actor: Actor, row: tables.Requisition, bounds: Bounds, now_utc_us: UtcUs
    ) -> Proposal:
        if row.hold is None:
            raise InvalidValue(field="requisition", value=self.number, expected="a requisition with a hold")
        return change_of_hold(
            actor,
            session.get_one(tables.Hold, row.hold),
            now_utc_us,
            cameras=bounds.cameras,
            from_utc_us=bounds.from_utc_us,
            to_utc_us=bounds.to_utc_us,
            basis=self.basis,
            until_utc_us=None,
        )
