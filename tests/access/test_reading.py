import asyncio
import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from access.reading import about_requisition, as_json, grant_row, requisition_row
from nvr.base.errors import InvalidValue
from storage.register.tables import Act, RequisitionState
from tests.access.opened import Opened
from tests.access.world import DAY_US


async def test_policy_sees_the_grant_of_a_requisition(opened: Opened) -> None:
    number = await opened.ask()
    read = opened.world.register.read
    before = await read(lambda session: about_requisition(session, requisition_row(session, number)))
    made = await opened.validate(number)
    after = await read(lambda session: about_requisition(session, requisition_row(session, number)))
    assert (before.state, before.valid_until_utc_us) == (RequisitionState.RECEIVED, None)
    assert (after.state, after.opener) == (RequisitionState.RELEASED, "a.martin")
    assert after.valid_until_utc_us == made["valid_until_utc_us"]


async def test_policy_sees_the_latest_time_since_the_grant_also_after_the_clock_went_back(opened: Opened) -> None:
    number = await opened.ask()
    await opened.validate(number)
    world = opened.world
    world.clock.advance(DAY_US)
    await world.act("root", "point.add", point="p77", number="77")
    late = world.clock.utc_us()
    world.clock.step_utc(-DAY_US)
    await world.act("root", "point.add", point="p78", number="78")
    about = await world.register.read(lambda session: about_requisition(session, requisition_row(session, number)))
    assert about.logged_utc_us == late


async def test_times_of_acts_are_those_in_their_entries_however_they_came_here(opened: Opened) -> None:
    await opened.validate(await opened.ask())
    world = opened.world

    def times(session: Session) -> list[tuple[int | None, int]]:
        return [(act.ts_utc_us, json.loads(act.leaf or "{}")["ts_utc_us"]) for act in session.scalars(select(Act))]

    for _ in range(2):  # as they were done, then as the ledger has them
        found = await world.register.read(times)
        assert len(found) > 5
        assert all(kept == said for kept, said in found)
        await world.register.close()
        await asyncio.to_thread((world.directory / "register" / "register.db").unlink)
        await world.reopen()


async def test_row_is_json_of_its_columns_or_of_those_named(opened: Opened) -> None:
    number = await opened.ask()
    read = opened.world.register.read
    assert await read(lambda session: as_json(requisition_row(session, number), ["state"])) == {"state": "received"}


async def test_what_is_not_there_is_named(opened: Opened) -> None:
    read = opened.world.register.read
    with pytest.raises(InvalidValue, match="requisition"):
        await read(lambda session: requisition_row(session, "R-2026-000009"))
    with pytest.raises(InvalidValue, match="grant"):
        await read(lambda session: grant_row(session, "g"))
