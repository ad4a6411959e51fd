"""The statement of a day is shown as the ledger has it, whole, with the checkpoint that covers it."""

import pytest

from access.orders.statements import StatementAltered
from nvr.base.errors import InvalidValue
from storage.ledger.machine import Statement, StatementOfCamera
from storage.ledger.service import Draft
from tests.access.world import World

DAY = "2026-09-20"


def part(number: int, *cameras: str, day: str = DAY) -> Statement:
    shown = tuple(StatementOfCamera(camera=camera, destroyed=(), held=1, held_bytes=2, waiting=0) for camera in cameras)
    return Statement(day=day, from_utc_us=1, to_utc_us=2, part=number, parts=2, cameras=shown)


async def stated(town: World, *parts: Statement) -> int:
    appended = await town.keeper.service.append([Draft(one) for one in parts])
    town.index.statements[DAY] = (appended[0].index, len(parts))
    await town.keeper.service.checkpoint()
    return appended[0].index


async def test_all_parts_of_a_day_are_one_statement_under_a_checkpoint(town: World) -> None:
    first = await stated(town, part(0, "a", "b"), part(1, "c"))
    shown = await town.act("f.audit", "retention.statement", day=DAY)
    assert [each["camera"] for each in shown["cameras"]] == ["a", "b", "c"]
    assert shown["entries"] == [first, first + 1]
    assert int(shown["checkpoint"].splitlines()[1]) >= first + 2


@pytest.mark.parametrize("day", ["2026-09-21", "yesterday", "2026-9-2"])
async def test_day_without_a_statement_is_named(town: World, day: str) -> None:
    with pytest.raises(InvalidValue, match="day"):
        await town.act("f.audit", "retention.statement", day=day)


async def test_entry_of_another_day_is_not_shown_as_this_one(town: World) -> None:
    await stated(town, part(0, "a", day="2026-09-19"))
    with pytest.raises(StatementAltered):
        await town.act("f.audit", "retention.statement", day=DAY)
