"""A check is planned, begun, stopped and gone on with; the keeper checks by itself when nobody asks."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from storage.inspection import Depth, wrong_with
from storage.keeping import check_run
from storage.keeping.check_mark import Request
from storage.keeping.checked_files import extent_of
from storage.keeping.checking import CheckRuns
from storage.sealing import SealedSegment
from tests.storage.keeping.checked import bent, check, flipped, scrub, state
from tests.storage.keeping.town import DAY_US, Town


async def test_check_that_was_stopped_goes_on_behind_what_it_looked_at_also_in_another_process(
    town: Town, footage: Sequence[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_run, "PAGE", 1)
    for one in footage:
        await bent(town, one, flipped(-40))  # found at the end of each
    looked: list[str] = []
    real = wrong_with

    def stops(path: Path, *more: object) -> str | None:
        looked.append(path.stem)
        if len(looked) == 2:
            town.keeper.checking.stop()
        return real(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(check_run, "wrong_with", stops)
    await town.keeper.checking.begin(Request(Depth.HASH), None)
    await town.keeper.checking.turn()
    assert state(town)["state"] == "stopped"
    await town.restart()
    resumed = await town.keeper.checking.plan(Request(Depth.HASH), None)
    assert (resumed.files, resumed.resumed_utc_us) == (3, town.clock.utc_us())
    assert [seg for _, seg in await check(town)] == [one.segment for one in footage[1:]]
    assert looked[2:] == [one.segment for one in footage[1:]]
    assert (await town.keeper.checking.plan(Request(Depth.HASH), None)).files == 4


async def test_keeper_that_was_stopped_begins_no_check(town: Town, footage: Sequence[SealedSegment]) -> None:
    await town.run_and_stop()
    await town.keeper.checking.begin(Request(Depth.HASH), None)
    await town.keeper.check_turn()
    assert (state(town)["state"], state(town)["files"]) == ("stopped", 0)


async def test_keeper_that_is_stopped_while_its_own_check_is_prepared_does_not_run_it(
    town: Town, footage: Sequence[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(*asked: Any) -> tuple[int, int]:  # noqa: ANN401 -- as the real one
        town.keeper.checking.end()
        return extent_of(*asked)

    monkeypatch.setattr("storage.keeping.checking.extent_of", stops)
    town.keeper.checking._scrub_days = 30
    await town.keeper.checking.turn()
    assert (scrub(town)["state"], scrub(town)["files"]) == ("stopped", 0)


async def test_mark_of_another_question_is_not_gone_on_with(town: Town, footage: Sequence[SealedSegment]) -> None:
    await town.keeper.checking.begin(Request(Depth.SIZE), None)
    town.keeper.checking.stop()
    await town.keeper.checking.turn()
    assert (await town.keeper.checking.plan(Request(Depth.HASH), None)).resumed_utc_us is None


async def test_plan_says_what_would_be_read_and_changes_nothing(town: Town, footage: Sequence[SealedSegment]) -> None:
    await bent(town, footage[0], flipped(700))
    plan = await town.keeper.checking.plan(Request(Depth.HASH), 1)
    assert (plan.files, plan.bytes) == (4, sum(one.file_bytes for one in footage))
    assert plan.seconds == plan.bytes
    assert plan.bytes_per_second is not None
    assert (await town.row(footage[0].segment)).damaged_why is None
    assert (await town.keeper.checking.plan(Request(Depth.PRESENCE), None)).bytes == 0
    assert not await asyncio.to_thread((town.settings.state / "check").exists)


async def test_second_check_is_refused_while_one_runs(town: Town) -> None:
    await town.keeper.checking.begin(Request(Depth.SIZE), None)
    with pytest.raises(CheckRuns):
        await town.keeper.checking.begin(Request(Depth.HASH), None)


async def test_keeper_hashes_every_file_in_so_many_days_by_itself_and_waits_for_whoever_asks(
    town: Town, footage: Sequence[SealedSegment]
) -> None:
    checks = town.keeper.checking
    await checks.turn()
    assert checks.scrub is None
    checks._scrub_days = 30
    await bent(town, footage[0], flipped(700))
    await checks.turn()
    assert scrub(town)["counts"] == {"damaged": 1}
    await bent(town, footage[1], flipped(700))
    town.clock.advance(29 * DAY_US)
    await checks.turn()
    assert scrub(town)["counts"] == {"damaged": 1}
    town.clock.advance(DAY_US)
    await checks.begin(Request(Depth.PRESENCE), None)
    await checks.turn()
    assert scrub(town)["counts"] == {"damaged": 1}
    await checks.turn()
    assert scrub(town)["counts"] == {"damaged": 2}
