"""The `act` table: pending acts, acts that the ledger took, and the tables that follow from them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storage.ledger.entries import Actor, body_from
from storage.register.acts import APPLIED_TYPES, Placed, Proposal, demand_same, placed
from storage.register.apply import apply
from storage.register.personal import Personal, personal_from_json
from storage.register.tables import PROJECTIONS, Act, Progress

Batch = tuple[tuple[int, Proposal], ...]
"""The rows of one group with what they propose."""


def add_pending(session: Session, proposals: Sequence[Proposal]) -> Batch:
    """Write down what is about to be proposed to the ledger, as one group."""
    batch = _next_row(session)
    for offset, proposal in enumerate(proposals):
        session.add(
            Act(
                row=batch + offset,
                act=proposal.act,
                type=proposal.body.t,
                batch=batch,
                proposal=proposal.to_wire(),
                personal=proposal.personal.to_json(),
            )
        )
    return tuple((batch + offset, proposal) for offset, proposal in enumerate(proposals))


def pending(session: Session) -> list[Batch]:
    """The groups of which the register does not know whether the ledger has them, oldest first."""
    batches: dict[int, list[tuple[int, Proposal]]] = {}
    for row in session.scalars(select(Act).where(Act.ledger_index.is_(None)).order_by(Act.row)):
        batches.setdefault(row.batch, []).append((row.row, _proposal(row)))
    return [tuple(batch) for batch in batches.values()]


def drop(session: Session, batch: Batch) -> None:
    """Forget acts that never happened."""
    session.execute(delete(Act).where(Act.row.in_([row for row, _ in batch])))


def complete(session: Session, batch: Batch, answers: Sequence[Placed], leaves: Sequence[bytes]) -> None:
    """Write down what the ledger answered, and let the tables follow.

    Raises:
        storage.register.acts.AnotherEntry: the ledger took something else.
    """
    for (number, proposal), answer, leaf in zip(batch, answers, leaves, strict=True):
        demand_same(proposal, answer)
        _finish(session, session.get_one(Act, number), answer, leaf)


def take(session: Session, entries: Iterable[tuple[int, bytes]]) -> None:
    """Take entries as the ledger has them, in its order: those that are pending here, and those unknown here.

    What is unknown was proposed by a register that is lost: its personal values are, too.
    """
    for index, leaf in entries:
        entry = placed(index, leaf)
        if entry.entry.t in APPLIED_TYPES and not _knows(session, index):
            row = _pending_row(session, entry)
            if row is None:
                row = Act(row=_next_row(session), act=entry.entry.act, type=entry.entry.t, batch=0)
                session.add(row)
            _finish(session, row, entry, leaf)
        _seen(session, index + 1)


def rebuild(session: Session) -> None:
    """Empty the tables that follow from the acts, and apply every act again in ledger order."""
    for table in PROJECTIONS:
        session.execute(delete(table))
    session.expire_all()
    for row in session.scalars(select(Act).where(Act.ledger_index.is_not(None)).order_by(Act.ledger_index)).all():
        if row.ledger_index is not None and row.leaf is not None:
            apply(session, placed(row.ledger_index, row.leaf.encode()), personal_from_json(row.personal))


def ledger_size(session: Session) -> int:
    """How many entries of the ledger the register has seen."""
    progress = session.get(Progress, 1)
    return 0 if progress is None else progress.ledger_size


def _finish(session: Session, row: Act, answer: Placed, leaf: bytes) -> None:
    row.proposal = None
    row.ledger_index = answer.index
    row.leaf = leaf.decode()
    row.ts_utc_us = answer.entry.ts_utc_us
    session.flush()
    apply(session, answer, personal_from_json(row.personal))
    _seen(session, answer.index + 1)


def _next_row(session: Session) -> int:
    # Never the database's own counting: PostgreSQL's does not notice rows that were numbered here.
    return (session.scalar(select(func.max(Act.row))) or 0) + 1


def _knows(session: Session, index: int) -> bool:
    return session.scalar(select(Act.row).where(Act.ledger_index == index)) is not None


def _pending_row(session: Session, entry: Placed) -> Act | None:
    """The pending act that this entry is; what access does on its own has no act id, and is known by what it says."""
    waiting = session.scalars(
        select(Act)
        .where(Act.ledger_index.is_(None), Act.type == entry.entry.t, Act.act.is_not_distinct_from(entry.entry.act))
        .order_by(Act.row)
    )
    return next((row for row in waiting if _proposal(row).body == entry.entry.body), None)


def _proposal(row: Act) -> Proposal:
    if row.proposal is None:
        raise ValueError("not a pending act")
    actor = row.proposal["actor"]
    return Proposal(
        act=row.proposal["act"],
        actor=Actor(id=actor["id"], role=actor["role"]),
        body=body_from(row.type, row.proposal["body"]),
        personal=personal_from_json(row.personal) if row.personal is not None else Personal(),
    )


def _seen(session: Session, size: int) -> None:
    progress = session.get(Progress, 1)
    if progress is None:
        session.add(Progress(one=1, ledger_size=size))
    else:
        progress.ledger_size = max(progress.ledger_size, size)
