from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nvr.base.clock import SimClock
from nvr.base.errors import Refused
from storage.register import tables
from storage.register.personal import PersonalValueAltered
from storage.register.register import Register
from tests.storage.register.story import act, proposing, story


async def test_erased_personal_values_are_gone_from_table_and_file_and_the_rest_replays(
    register: Register, path: Path, clock: SimClock
) -> None:
    groups = story(clock)
    for group in groups:
        await register.act(proposing(*group))
    for proposal in (proposal for group in groups[1:] for proposal in group):
        if proposal.act is not None:
            await register.erase_personal(proposal.act)
    requisition = await register.read(lambda session: session.scalars(select(tables.Requisition)).one())
    grant = await register.read(lambda session: session.scalars(select(tables.Grant)).one())
    hold = await register.read(lambda session: session.scalars(select(tables.Hold)).one())
    assert (requisition.requester, requisition.authority, grant.checked, hold.end_reason) == (None, None, None, None)
    assert (requisition.state, requisition.basis) == ("closed", "60-1")
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Renaud" not in content


async def test_erasing_what_is_no_act_is_refused(register: Register, clock: SimClock) -> None:
    with pytest.raises(Refused, match="unknown-act"):
        await register.erase_personal(act(clock))


async def test_clear_value_that_was_changed_in_the_file_is_noticed(register: Register, clock: SimClock) -> None:
    groups = story(clock)
    for group in groups[:2]:
        await register.act(proposing(*group))

    def alter(session: Session) -> None:
        row = session.scalars(select(tables.Act).where(tables.Act.type == "req")).one()
        assert row.personal is not None
        row.personal["committed"]["requester"]["value"] = "Somebody else"
        row.personal = dict(row.personal)
        session.execute(
            tables.Act.__table__.update().where(tables.Act.row == row.row).values(personal=row.personal)  # type: ignore[attr-defined]
        )

    await register._write(alter)
    with pytest.raises(PersonalValueAltered):
        await register.rebuild()
