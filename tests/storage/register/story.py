"""Proposals as access makes them, one requisition's whole life, and what the tables hold."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nvr.base.clock import SimClock
from nvr.base.ids import ActId, uuid7
from storage.ledger import machine, people
from storage.ledger.entries import ACCESS, Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted

OFFICER = Actor(id="a.martin", role="officer")
VALIDATOR = Actor(id="b.petit", role="validator")
HOUR_US = 3_600_000_000


def act(clock: SimClock) -> ActId:
    return ActId(uuid7(clock.utc_us()))


def camera(clock: SimClock, name: str = "cam-1") -> Proposal:
    personal = Personal(salted(url_hash="rtsp://192.0.2.7/"), {"secret": name})
    body = people.Camera(
        camera=name,
        url_hash=personal.committed["url_hash"].commitment,
        shard=0,
        retention_days=None,
        retired=False,
    )
    return Proposal(act(clock), Actor(id="root", role="administrator"), body, personal)


def hold(clock: SimClock, name: str | None = None, requisition: str | None = None) -> Proposal:
    now = clock.utc_us()
    body = people.Hold(
        hold=name or uuid7(now),
        requisition=requisition,
        cameras=("cam-1",),
        from_utc_us=now - HOUR_US,
        to_utc_us=now,
        basis=None,
        until_utc_us=now + HOUR_US,
    )
    return Proposal(act(clock), OFFICER, body, Personal(aside={"asked_by": "Capitaine Renaud"}))


def requisition(clock: SimClock, number: str, name: str) -> Proposal:
    now = clock.utc_us()
    personal = Personal(salted(requester="Capitaine Renaud", authority="Commissariat de X"))
    body = people.Requisition(
        requisition=number,
        hold=name,
        cameras=("cam-1",),
        from_utc_us=now - HOUR_US,
        to_utc_us=now,
        basis="60-1",
        authority=personal.commitment("authority"),
        authority_number=None,
        requester=personal.commitment("requester"),
        document=None,
        answer=None,
    )
    return Proposal(act(clock), OFFICER, body, personal)


def story(clock: SimClock, number: str = "R-2026-000001") -> list[list[Proposal]]:
    """The groups of one requisition's life, from the camera to the export."""
    name, grant = uuid7(clock.utc_us()), uuid7(clock.utc_us())
    now = clock.utc_us()
    checked = Personal(salted(checked="rappel du capitaine Renaud"))
    handed_over = Personal(salted(reason="remis au capitaine Renaud"))
    validated = people.Grant(
        grant=grant,
        requisition=number,
        cameras=("cam-1",),
        from_utc_us=now - HOUR_US,
        to_utc_us=now,
        valid_until_utc_us=now + HOUR_US,
        opener="a.martin",
        requested_by="a.martin",
        release_public="AAAA",
        checked=checked.committed["checked"].commitment,
    )
    released = machine.Release(grant=grant, set="0" * 64, segs=(uuid7(now),))
    opened = machine.Open(grant=grant, seats=(1, 3), segs=1, records=150)
    bundle = people.Export(
        grant=grant, requisition=number, bundle=f"B-{number}", manifest="1" * 64, files=3, bytes=1000
    )
    return [
        [camera(clock)],
        [hold(clock, name, number), requisition(clock, number, name)],
        [Proposal(act(clock), VALIDATOR, validated, checked)],
        [Proposal(None, ACCESS, released)],
        [Proposal(None, ACCESS, opened)],
        [Proposal(act(clock), OFFICER, bundle)],
        [
            Proposal(
                act(clock),
                VALIDATOR,
                people.Unhold(hold=name, reason=handed_over.committed["reason"].commitment),
                handed_over,
            )
        ],
    ]


def dump(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Every row that follows from the acts."""
    content = {}
    for table in tables.PROJECTIONS:
        columns = table.__table__.columns.keys()
        rows = [{key: getattr(row, key) for key in columns} for row in session.scalars(select(table))]
        content[table.__tablename__] = sorted(rows, key=str)
    return content


def proposing(*proposals: Proposal) -> Callable[[Session], Sequence[Proposal]]:
    return lambda _: proposals


def states(session: Session) -> list[str]:
    return list(session.scalars(select(tables.Requisition.state)))
