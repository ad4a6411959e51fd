import asyncio
from dataclasses import replace
from typing import Any

import pytest

from access.grants.facts import facts_of
from access.reading import grant_row
from nvr.base.errors import Retryable
from tests.access.opened import Opened
from tests.access.world import HOUR_US
from tests.storage.sealed import CAMERA


async def test_cameras_are_rotated_before_their_segments_are_released(opened: Opened) -> None:
    made = await opened.validate(await opened.ask())
    assert opened.world.keeper.rotated == [(CAMERA,)]
    assert made["segs"] == [start.segment for start in opened.starts]
    assert (await opened.world.keeper.types())[-1] == "release"


async def test_release_waits_for_a_keeper_that_is_away_and_follows_with_the_file(opened: Opened) -> None:
    number = await opened.ask()

    async def away(cameras: object) -> list[object]:
        raise Retryable("peer-unreachable")

    rotate = opened.world.keeper.rotate
    opened.world.keeper.rotate = away  # type: ignore[assignment,method-assign]
    opened.world.clock.advance(-HOUR_US + 60_000_000)  # the footage is a minute old
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("validated", "peer-unreachable")
    with pytest.raises(Retryable):
        await opened.file(made["grant"])
    opened.world.keeper.rotate = rotate  # type: ignore[method-assign]
    assert (await opened.answer(made["grant"], 1))["state"] == "collecting"


async def test_old_footage_does_not_wait_for_a_rotation(opened: Opened) -> None:
    async def away(cameras: object) -> list[object]:
        raise Retryable("peer-unreachable")

    opened.world.keeper.rotate = away  # type: ignore[assignment,method-assign]
    assert (await opened.validate(await opened.ask()))["state"] == "released"


async def test_segment_that_can_not_be_read_is_released_with_the_others_and_told_to_the_opener(opened: Opened) -> None:
    path = opened.recorder.path_of(opened.starts[1])
    await asyncio.to_thread(path.unlink)
    made = await opened.validate(await opened.ask())
    assert made["segs"] == [start.segment for start in opened.starts]
    await opened.answer(made["grant"], 1)
    assert (await opened.answer(made["grant"], 3))["state"] == "open"
    release = await opened.open(made["grant"])
    assert release.unreadable == {opened.starts[1].segment: "segment-unreadable"}
    assert release.whereabouts[opened.starts[1].segment].start_utc_us == opened.starts[1].start_utc_us


async def test_segment_whose_volume_is_away_is_released_and_opened_once_it_is_back(opened: Opened) -> None:
    rows = opened.world.index.segments[CAMERA]
    there = rows[2]
    rows[2] = replace(there, path=None)
    made = await opened.validate(await opened.ask())
    assert (made["state"], made["segs"]) == ("released", [start.segment for start in opened.starts])
    rows[2] = there
    await opened.answer(made["grant"], 1)
    state = await opened.answer(made["grant"], 3)
    assert (state["state"], state["unreadable"]) == ("open", {})
    release = await opened.open(made["grant"])
    assert (release.unreadable, len(await opened.everything(release))) == ({}, 3 * 3 * 4)


async def test_segment_whose_volume_comes_back_after_the_keys_did_is_told_as_unreadable(opened: Opened) -> None:
    rows = opened.world.index.segments[CAMERA]
    there = rows[2]
    rows[2] = replace(there, path=None)
    grant = await opened.grant()
    assert (await opened.open(grant)).unreadable == {there.segment: "volume-not-mounted"}
    rows[2] = there
    assert (await opened.open(grant)).unreadable == {there.segment: "keys are missing"}


async def test_release_waits_while_no_volume_is_mounted(opened: Opened) -> None:
    rows = opened.world.index.segments[CAMERA]
    opened.world.index.segments[CAMERA] = [replace(row, path=None) for row in rows]
    made = await opened.validate(await opened.ask())
    assert (made["state"], made["release_waits"]) == ("validated", "nothing-to-release")
    opened.world.index.segments[CAMERA] = rows
    assert (await opened.answer(made["grant"], 1))["state"] == "collecting"


async def test_nothing_to_release_is_said(opened: Opened) -> None:
    number = await opened.ask()
    opened.world.index.segments.clear()
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("validated", "nothing-to-release")


async def test_requisition_that_is_closed_while_its_release_waits_is_not_released(opened: Opened) -> None:
    number = await opened.ask()

    async def close(cameras: object) -> list[object]:
        await opened.world.act("b.petit", "requisition.close", requisition=number, reason="retirée")
        return []

    opened.world.keeper.rotate = close  # type: ignore[assignment,method-assign]
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("closed", "already-closed")
    assert "release" not in await opened.world.keeper.types()


async def test_every_release_entry_of_a_grant_is_known_for_its_export(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access.grants.releasing.SEGMENTS_PER_ENTRY", 2)
    grant = await opened.grant()
    facts = await opened.world.register.read(lambda session: facts_of(session, grant_row(session, grant)))
    entries = await opened.world.keeper.all()
    assert [entries[index].t for index in facts.release_indices] == ["release", "release"]
    assert len(await opened.everything(await opened.open(grant))) == 3 * 3 * 4


async def test_release_of_one_grant_does_not_wait_for_that_of_another(opened: Opened) -> None:
    first, second = [await opened.ask() for _ in range(2)]
    rotating, answered = asyncio.Event(), asyncio.Event()
    rotate = opened.world.keeper.rotate

    async def slow_once(cameras: Any) -> Any:  # noqa: ANN401 -- as the port has it
        if not rotating.is_set():
            rotating.set()
            await answered.wait()
        return await rotate(cameras)

    opened.world.keeper.rotate = slow_once  # type: ignore[method-assign]
    slow = asyncio.create_task(opened.validate(first))
    await rotating.wait()
    assert (await asyncio.wait_for(opened.validate(second), 10))["state"] == "released"
    answered.set()
    assert (await slow)["state"] == "released"
