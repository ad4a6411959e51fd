from typing import Any

import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue, Retryable
from storage.ledger import people
from storage.ledger.entries import decode
from storage.snapshot import CameraEntry
from tests.access.world import HOUR_US, World

MINUTE_US = 60_000_000
REASON = "mât tourné par la tempête"


async def begin(town: World, who: str = "root", minutes: int = 30) -> Any:  # noqa: ANN401 -- JSON
    return await town.act(who, "camera.commission", camera="cam-1", minutes=minutes, reason=REASON)


def told(town: World) -> CameraEntry:
    (entry,) = town.keeper.published[-1]
    return entry


async def commissions(town: World) -> list[people.Commission]:
    leaves = [decode(leaf) for _, leaf in await town.keeper.service.entries(0, 1000)]
    return [leaf.body for leaf in leaves if isinstance(leaf.body, people.Commission)]


async def test_recorders_are_told_the_end_with_the_beginning(town: World) -> None:
    shown = await begin(town)
    entry, now = told(town), town.clock.utc_us()
    assert (entry.commissioned_from_utc_us, entry.commissioned_until_utc_us) == (now, now + 30 * MINUTE_US)
    assert (shown["begun_by"], shown["reason"], shown["ended_by"]) == ("root", REASON, None)


async def test_ledger_has_who_and_when_and_the_reason_only_as_a_commitment(town: World) -> None:
    await begin(town)
    (body,) = await commissions(town)
    assert (body.camera, body.until_utc_us - body.from_utc_us) == ("cam-1", 30 * MINUTE_US)
    leaves = [leaf for _, leaf in await town.keeper.service.entries(0, 1000)]
    (leaf,) = [leaf for leaf in leaves if decode(leaf).body == body]
    assert decode(leaf).actor.id == "root"
    assert b"temp" not in leaf


async def test_nothing_happens_when_the_ledger_does_not_answer(town: World) -> None:
    published = len(town.keeper.published)
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await begin(town)
    assert len(town.keeper.published) == published


async def test_what_is_over_does_not_change_what_recorders_are_told(town: World) -> None:
    """A changed entry begins the camera's recording anew: its end must not be one."""
    await begin(town)
    before = told(town)
    town.clock.advance(HOUR_US)
    await town.act("root", "camera.add", camera="cam-2", url="rtsp://192.0.2.2/")
    assert before in town.keeper.published[-1]


async def test_end_before_its_time_is_told_with_who_ended_it(town: World) -> None:
    await begin(town)
    town.clock.advance(MINUTE_US)
    shown = await town.act("root", "camera.commission_end", camera="cam-1")
    assert told(town).commissioned_until_utc_us == town.clock.utc_us() == shown["until_utc_us"]
    assert (shown["begun_by"], shown["ended_by"], shown["reason"]) == ("root", "root", REASON)
    with pytest.raises(InvalidValue):
        await town.act("root", "camera.commission_end", camera="cam-1")


async def test_second_one_takes_the_first_over_and_both_are_in_the_ledger(town: World) -> None:
    await begin(town)
    town.clock.advance(MINUTE_US)
    await begin(town, minutes=5)
    now = town.clock.utc_us()
    first, ended, second = await commissions(town)
    assert (first.commission, ended.until_utc_us) == (ended.commission, now)
    assert (second.from_utc_us, second.until_utc_us) == (now, now + 5 * MINUTE_US)
    assert told(town).commissioned_until_utc_us == second.until_utc_us


@pytest.mark.parametrize("minutes", [0, -1, 481])
async def test_length_has_its_bounds(town: World, minutes: int) -> None:
    with pytest.raises(InvalidValue):
        await begin(town, minutes=minutes)
    assert await commissions(town) == []


@pytest.mark.parametrize("act", ["camera.commission", "camera.commission_end"])
async def test_officer_and_validator_may_not(town: World, act: str) -> None:
    args = {"minutes": 30, "reason": REASON} if act == "camera.commission" else {}
    for who in ("a.martin", "b.petit"):
        with pytest.raises(Denied):
            await town.act(who, act, camera="cam-1", **args)


async def test_camera_that_is_not_there_or_retired_is_refused(town: World) -> None:
    await town.act("root", "camera.retire", camera="cam-1")
    with pytest.raises(InvalidValue):
        await begin(town)
