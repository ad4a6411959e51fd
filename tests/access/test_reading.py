import pytest

from access.reading import about_requisition, as_json, grant_row, requisition_row
from nvr.base.errors import InvalidValue
from storage.register.tables import RequisitionState
from tests.access.opened import Opened


async def test_policy_sees_the_grant_of_a_requisition(opened: Opened) -> None:
    number = await opened.ask()
    read = opened.world.register.read
    before = await read(lambda session: about_requisition(session, requisition_row(session, number)))
    made = await opened.validate(number)
    after = await read(lambda session: about_requisition(session, requisition_row(session, number)))
    assert (before.state, before.valid_until_utc_us) == (RequisitionState.RECEIVED, None)
    assert (after.state, after.opener) == (RequisitionState.RELEASED, "a.martin")
    assert after.valid_until_utc_us == made["valid_until_utc_us"]


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
