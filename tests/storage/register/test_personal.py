import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Location
from nvr.base.clock import SimClock
from nvr.base.errors import Refused
from storage.register import tables
from storage.register.personal import PersonalValueAltered
from storage.register.register import Register
from tests.storage.register.keeper import MemoryLedger
from tests.storage.register.story import act, proposing, story
from tools.postgresql_server import Server


async def test_erased_personal_values_are_gone_from_table_and_file_and_the_rest_replays(
    request: pytest.FixtureRequest, ledger: MemoryLedger, location: Location, clock: SimClock
) -> None:
    groups, register = story(clock), await Register.open(location, ledger)
    for group in groups:
        await register.act(proposing(*group))
    before = await asyncio.to_thread(files, request, location)
    assert await asyncio.to_thread(hold_the_name, before)
    for proposal in (proposal for group in groups[1:] for proposal in group):
        if proposal.act is not None:
            await register.erase_personal(proposal.act)
    requisition = await register.read(lambda session: session.scalars(select(tables.Requisition)).one())
    grant = await register.read(lambda session: session.scalars(select(tables.Grant)).one())
    hold = await register.read(lambda session: session.scalars(select(tables.Hold)).one())
    assert (requisition.requester, requisition.authority, grant.checked, hold.end_reason) == (None, None, None, None)
    assert (requisition.state, requisition.basis) == ("closed", "60-1")
    after = await asyncio.to_thread(files, request, location)
    assert not await asyncio.to_thread(hold_the_name, before | after)
    await register.close()


def files(request: pytest.FixtureRequest, location: Location) -> set[Path]:
    """Where the database's rows lie. PostgreSQL's log, which keeps what was erased for a while, is none of them."""
    if isinstance(location, Path):
        return set(location.parent.iterdir())
    server: Server = request.getfixturevalue("postgresql")
    server.sql("CHECKPOINT")
    own = f"SELECT oid, reltoastrelid FROM pg_class WHERE relnamespace = '{location.schema}'::regnamespace"
    found = server.sql(f"SELECT pg_relation_filepath(unnest(ARRAY[oid, nullif(reltoastrelid, 0)])) FROM ({own}) AS own")
    return {server.data / line for line in found.splitlines() if line}


def hold_the_name(files: set[Path]) -> bool:
    return any(b"Renaud" in file.read_bytes() for file in files if file.exists())


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
