"""What a check finds on a whole storage side, and what it tells."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from nvr.base.ids import CameraId
from storage.faults import fault_json
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.inspection import Depth, wrong_with
from storage.keeping import check_run
from storage.keeping.check_mark import Request
from storage.ledger.machine import Damaged, Missing
from storage.reconcile import Scope
from storage.sealing import SealedSegment
from tests.storage.keeping.checked import bent, check, flipped, state
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.sealed import CAMERA, NOW_US


async def test_footage_that_is_as_it_was_sealed_has_no_findings(town: Town, footage: Sequence[SealedSegment]) -> None:
    for depth in Depth:
        assert await check(town, depth) == []
    assert (state(town)["files"], state(town)["bytes"]) == (4, sum(one.file_bytes for one in footage))


@pytest.mark.parametrize("at", [60, 700, -600, -100, -40])
async def test_flipped_bit_anywhere_is_found_by_hashing_and_told_once(
    town: Town, footage: Sequence[SealedSegment], at: int
) -> None:
    """In the header, in records, in the index, in the footer."""
    await bent(town, footage[1], flipped(at))
    assert await check(town, Depth.SIZE) == []
    for _ in range(2):
        assert await check(town) == [("damaged", footage[1].segment)]
    told = [body for body in await town.logged() if isinstance(body, Damaged)]
    assert [(body.seg, body.camera) for body in told] == [(footage[1].segment, CAMERA)]
    row = await town.row(footage[1].segment)
    assert (row.state, row.damaged_why) == (SegmentState.SEALED, told[0].why)


async def test_damage_is_a_fault_that_says_what_is_held_until_the_file_is_whole_again(
    town: Town, footage: Sequence[SealedSegment]
) -> None:
    await town.hold(footage[3])
    before = [await bent(town, one, flipped(700)) for one in (footage[0], footage[3])]
    await check(town)
    status = await town.keeper.status()
    assert (status.damaged, status.damaged_held) == (2, 1)
    assert fault_json(status.faults["segments-damaged"])["fields"] == {"count": 2, "held": 1}
    assert [held for _, held in await town.keeper.damaged()] == [False, True]
    for segment, content in zip((footage[0], footage[3]), before, strict=True):
        await bent(town, segment, lambda _, content=content: content)  # type: ignore[misc]
    assert await check(town) == [("whole", footage[0].segment), ("whole", footage[3].segment)]
    status = await town.keeper.status()
    assert (status.damaged, status.faults) == (0, {})


async def test_damage_is_a_fault_before_the_check_that_found_it_ends(
    town: Town, footage: Sequence[SealedSegment]
) -> None:
    await bent(town, footage[0], flipped(700))
    await town.keeper.checking.begin(Request(Depth.HASH, Scope()), None)
    await town.keeper.checking.turn()
    assert (await town.keeper.status()).damaged == 0
    await town.keeper.retention_pass()
    assert (await town.keeper.status()).damaged == 1


async def test_file_that_is_shorter_is_found_by_its_size(town: Town, footage: Sequence[SealedSegment]) -> None:
    await bent(town, footage[2], lambda content: content[:-1])
    assert await check(town, Depth.PRESENCE) == []
    assert await check(town, Depth.SIZE) == [("damaged", footage[2].segment)]
    assert "were sealed" in str((await town.row(footage[2].segment)).damaged_why)


async def test_presence_finds_what_is_missing_and_what_nobody_told(
    town: Town, footage: Sequence[SealedSegment]
) -> None:
    (unknown,) = await asyncio.to_thread(lambda: town.record(1, first=9))
    await asyncio.to_thread(town.path(footage[0]).unlink)
    assert await check(town, Depth.PRESENCE) == [("missing", footage[0].segment), ("unknown", unknown.segment)]
    assert (await town.row(footage[0].segment)).state is SegmentState.LOST
    assert (await town.row(unknown.segment)).recovered
    assert await check(town, Depth.PRESENCE) == []


async def test_scope_is_one_camera_or_what_began_since(town: Town, footage: Sequence[SealedSegment]) -> None:
    (other,) = await asyncio.to_thread(town.record, 1, camera=CameraId("gare"), start_utc_us=NOW_US + DAY_US)
    town.clock.advance(2 * DAY_US)
    await town.tell([other])
    for segment in (*footage, other):
        await bent(town, segment, flipped(700))
    assert await check(town, scope=Scope(since_utc_us=NOW_US + DAY_US)) == [("damaged", other.segment)]
    assert len(await check(town, scope=Scope(frozenset({CAMERA})))) == 4


async def test_volume_that_goes_meanwhile_damages_nothing_and_is_named(
    town: Town, footage: Sequence[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    await bent(town, footage[0], flipped(700))

    def goes(path: Path, row: SegmentRow, depth: Depth, taken: Callable[[int], object]) -> str | None:
        wrong = wrong_with(path, row, depth, taken)
        town.recorder.volume.path.rename(town.directory / "away")
        return wrong

    monkeypatch.setattr(check_run, "wrong_with", goes)
    monkeypatch.setattr(check_run, "PORTION_US", 0)
    assert await check(town) == []
    assert list(state(town)["left"]) == [str(town.recorder.volume.path)]
    assert not any(isinstance(body, (Damaged, Missing)) for body in await town.logged())


@pytest.mark.parametrize("whole", [True, False])
async def test_file_that_retention_destroys_meanwhile_is_neither_damaged_nor_missing(
    town: Town, footage: Sequence[SealedSegment], monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    loop = asyncio.get_running_loop()

    def destroyed(path: Path, row: SegmentRow, depth: Depth, taken: Callable[[int], object]) -> str | None:
        wrong = None if whole else wrong_with(path, row, depth, taken)
        asyncio.run_coroutine_threadsafe(town.keeper.retention_pass(), loop).result(30)
        return wrong_with(path, row, depth, taken) if whole else wrong

    if not whole:
        await bent(town, footage[0], flipped(700))
    town.clock.advance(40 * DAY_US)
    monkeypatch.setattr(check_run, "wrong_with", destroyed)
    assert await check(town) == []
    assert not any(isinstance(body, (Damaged, Missing)) for body in await town.logged())
