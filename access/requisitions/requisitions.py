"""Requisitions: received with the hold first, answered when nothing exists, refused, closed.

Validation is the beginning of a grant: see `access.grants.grants`.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.cameras.places import placements_of
from access.holds.placing import HoldPlacing, Scope
from access.policy import NOTHING, ActName, Person, demand
from access.ports import Coverage, IndexPort
from access.reading import about_requisition, as_json, grant_of, requisition_row
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, NvrError
from nvr.base.ids import ActId, CameraId, RequisitionNo, requisition_no, uuid7
from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.ledger.machine import Body
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register
from storage.register.tables import RequisitionState

SETTLED_US: Final = 15 * 60 * US_PER_SECOND
"""Footage younger than this may still grow, or be on its way into the index: nothing is said of it yet."""

PATIENCE_S: Final = 20.0
"""Whoever asks does not wait any longer for what the index has; without it the requisition is taken all the same."""

_log: Final = logging.getLogger(__name__)

_SHA256: Final = re.compile(r"[0-9a-f]{64}")

REVOKED: Final = "revoked"

_LONG: Final = frozenset({"segs", "release_public", "used"})
"""Of a grant: up to thousands of segments, a key of 1,216 bytes, and a line for each seat."""


def absence(camera: CameraId, coverage: Coverage, *, stood_somewhere: bool) -> people.NoImage | None:
    """Why there is no picture of a camera in a settled interval; None when there is one.

    Of what was destroyed and what is lost, the first that went is told.
    """
    if coverage.segments:
        return None
    for cause in ("destroyed", "lost"):
        gone = [each for each in coverage.vanished if each.cause == cause]
        if gone:
            first = min(gone, key=lambda each: each.since_utc_us or each.to_utc_us)
            return people.NoImage(camera=camera, reason=first.cause, since_utc_us=first.since_utc_us, why=first.why)
    return people.NoImage(camera=camera, reason="never recorded" if stood_somewhere else "no camera there")


def number_after(last: str | None, year: int) -> RequisitionNo:
    """The next number of the year: gap-free, from 1."""
    count = 0 if last is None else int(last.rpartition("-")[2])
    return requisition_no(f"R-{year:04d}-{count + 1:06d}")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a requisition says beside its scope."""

    asked_by: str
    basis: str | None
    authority: str | None
    authority_number: str | None
    document_sha256: str | None


class Requisitions:
    """The acts on requisitions but their validation."""

    def __init__(self, register: Register, index: IndexPort, placing: HoldPlacing, clock: Clock, zone: tzinfo) -> None:
        self._register = register
        self._index = index
        self._placing = placing
        self._clock = clock
        self._zone = zone

    async def new(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a requisition: its hold at once, then itself with what holds keep, in one group. Four fields are enough.

        What no longer exists is answered `no-images`, with the reason per camera.

        Raises:
            Denied: `person` may not, or is a custodian (`custodian-requests`).
            InvalidValue: a value is wrong, or somebody ended the hold meanwhile.
        """
        scope = Scope(args)
        wanted = _wanted(args)
        args.done()
        act = ActName.REQUISITION_NEW
        placed = await self._placing.at_once(person, act, scope, asked_by=wanted.asked_by, basis=wanted.basis)
        cameras = () if placed is None else tuple(map(CameraId, placed.cameras))
        answer = await self._answer(scope, cameras)
        room = None if placed is None else await self._placing.room.with_hold(placed.hold)
        number = requisition_no("R-0000-000000")

        def propose(session: Session) -> Sequence[Proposal]:
            nonlocal number
            now = self._clock.utc_us()
            actor = Actor(id=person.account, role=demand(person, act, NOTHING, now))
            number = self._next_number(session, now)
            hold = None if placed is None else placed.hold
            asked = _requisition_proposal(actor, scope, wanted, number, cameras, hold, answer, now)
            if hold is None or room is None:
                return [asked]
            return [self._placing.judged(session, person, act, hold, room, number), asked]

        await self._register.act(propose)
        return await self._shown(number)

    async def list(self, person: Person, args: Arguments) -> Json:
        """All requisitions, the newest first. Raises Denied."""
        args.done()
        demand(person, ActName.REQUISITION_LIST, NOTHING, self._clock.utc_us())
        newest_first = select(tables.Requisition).order_by(tables.Requisition.requisition.desc())
        return await self._register.read(
            lambda session: [_listed(session, row) for row in session.scalars(newest_first)]
        )

    async def show(self, person: Person, args: Arguments) -> dict[str, Json]:
        """One requisition, with its hold and its grant. Raises Denied, InvalidValue."""
        number = requisition_no(args.text("requisition"))
        args.done()
        demand(person, ActName.REQUISITION_SHOW, NOTHING, self._clock.utc_us())
        return await self._shown(number)

    async def refuse(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Refuse a requisition. Its hold ends by its own date.

        Raises:
            Denied: `person` may not, made it (`same-person`), or it is decided (`already-decided`, `no-images`).
            InvalidValue: there is no such requisition, or no reason.
        """
        return await self._decide(
            person,
            ActName.REQUISITION_REFUSE,
            args,
            lambda row, reason: people.Refuse(requisition=row.requisition, reason=reason),
        )

    async def close(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Close a requisition that is answered: its hold ends.

        Raises:
            Denied: `person` may not, or it is not decided (`not-decided`), or closed (`already-closed`).
            InvalidValue: there is no such requisition, no reason, or nothing that could end.
        """
        return await self._decide(person, ActName.REQUISITION_CLOSE, args, _unhold)

    async def _decide(
        self, person: Person, act: ActName, args: Arguments, body_of: Callable[[tables.Requisition, str], Body]
    ) -> dict[str, Json]:
        """Do what a person decides of a requisition; `body_of` gets it with the commitment to the reason."""
        number, personal = requisition_no(args.text("requisition")), Personal(salted(reason=args.text("reason")))
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            row = requisition_row(session, number)
            role = demand(person, act, about_requisition(session, row), now)
            body = body_of(row, personal.committed["reason"].commitment)
            return [Proposal(ActId(uuid7(now)), Actor(id=person.account, role=role), body, personal)]

        await self._register.act(propose)
        return await self._shown(number)

    async def _answer(self, scope: Scope, cameras: Sequence[CameraId]) -> people.NoImages | None:
        """That nothing of the cameras exists, where this is certain; None also where the index does not say in time."""
        if cameras and scope.to_utc_us > self._clock.utc_us() - SETTLED_US:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._no_images(scope, cameras)
        except (NvrError, TimeoutError) as error:
            _log.warning("a requisition is taken without a look at what there is: %s", error)
            return None

    async def _no_images(self, scope: Scope, cameras: Sequence[CameraId]) -> people.NoImages | None:
        stood = await self._register.read(lambda session: _standing(session, scope, cameras))
        reasons = []
        for camera in cameras:
            coverage = await self._index.coverage(camera, scope.from_utc_us, scope.to_utc_us)
            reason = absence(camera, coverage, stood_somewhere=camera in stood)
            if reason is None:
                return None
            reasons.append(reason)
        return people.NoImages(kind="no-images", cameras=tuple(reasons))

    def _next_number(self, session: Session, now_utc_us: UtcUs) -> RequisitionNo:
        year = datetime.fromtimestamp(now_utc_us // US_PER_SECOND, UTC).astimezone(self._zone).year
        numbers = select(func.max(tables.Requisition.requisition)).where(
            tables.Requisition.requisition.startswith(f"R-{year:04d}-")
        )
        return number_after(session.scalar(numbers), year)

    async def _shown(self, number: RequisitionNo) -> dict[str, Json]:
        return await self._register.read(lambda session: shown(session, requisition_row(session, number)))


def _unhold(row: tables.Requisition, reason: str) -> people.Unhold:
    if row.hold is None:
        raise InvalidValue(field="requisition", value=row.requisition, expected="a requisition with a hold")
    return people.Unhold(hold=row.hold, reason=reason)


def shown(session: Session, row: tables.Requisition) -> dict[str, Json]:
    """A requisition as people see it: with the end of its hold, and its grant."""
    hold = None if row.hold is None else session.get(tables.Hold, row.hold)
    grant = grant_of(session, row.requisition)
    return {
        **as_json(row),
        "state": _state_shown(row, grant),
        "hold_until_utc_us": None if hold is None else hold.until_utc_us,
        "hold_ended": None if hold is None else hold.ended,
        "hold_provisional": None if hold is None else hold.provisional,
        "hold_room": None if hold is None else hold.room,
        "grant": None if grant is None else as_json(grant),
    }


def _state_shown(row: tables.Requisition, grant: tables.Grant | None) -> str:
    """How far it has come, and that its grant was revoked, until it is closed."""
    revoked = grant is not None and grant.revoked_utc_us is not None
    return REVOKED if revoked and row.state != RequisitionState.CLOSED else row.state


def _listed(session: Session, row: tables.Requisition) -> dict[str, Json]:
    """One of many: without what is long of its grant, so that years of requisitions fit into one frame."""
    grant = grant_of(session, row.requisition)
    columns = tables.Grant.__table__.columns.keys()
    brief = None if grant is None else as_json(grant, [name for name in columns if name not in _LONG])
    return {**shown(session, row), "grant": brief}


def _wanted(args: Arguments) -> _Wanted:
    document = args.optional_text("document_sha256")
    if document is not None and _SHA256.fullmatch(document) is None:
        raise InvalidValue(field="document_sha256", value=document, expected="64 hexadecimal digits")
    return _Wanted(
        asked_by=args.text("asked_by"),
        basis=args.optional_text("basis", most=200),
        authority=args.optional_text("authority"),
        authority_number=args.optional_text("authority_number", most=200),
        document_sha256=document,
    )


def _standing(session: Session, scope: Scope, cameras: Sequence[CameraId]) -> frozenset[CameraId]:
    """Those of the cameras that stood somewhere at that time."""
    return frozenset(camera for camera in cameras if placements_of(session, camera, scope.from_utc_us, scope.to_utc_us))


def _requisition_proposal(
    actor: Actor,
    scope: Scope,
    wanted: _Wanted,
    number: RequisitionNo,
    cameras: tuple[CameraId, ...],
    hold: str | None,
    answer: people.NoImages | None,
    now_utc_us: UtcUs,
) -> Proposal:
    committed = salted(
        requester=wanted.asked_by,
        authority=wanted.authority,
        authority_number=wanted.authority_number,
        document=wanted.document_sha256,
    )
    personal = Personal(committed, {"place": scope.place})
    body = people.Requisition(
        requisition=number,
        hold=hold,
        cameras=cameras,
        from_utc_us=scope.from_utc_us,
        to_utc_us=scope.to_utc_us,
        basis=wanted.basis,
        authority=personal.commitment("authority"),
        authority_number=personal.commitment("authority_number"),
        requester=personal.commitment("requester"),
        document=personal.commitment("document"),
        answer=answer,
    )
    return Proposal(ActId(uuid7(now_utc_us)), actor, body, personal)
