"""Each local day has one statement, whenever the keeper comes to it, and it says what the ledger says."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from storage.books import Books
from storage.keeping.stating import Stating
from storage.ledger import people
from storage.ledger.machine import Expired, Statement
from storage.ledger.service import Draft
from storage.ledger.store import Appended
from storage.sealing import SealedSegment
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.sealed import CAMERA


@pytest.fixture
async def segments(town: Town) -> list[SealedSegment]:
    recorded = await asyncio.to_thread(town.record, 3)
    await town.tell(recorded)
    return recorded


async def statements(town: Town) -> list[Statement]:
    return [body for body in await town.logged() if isinstance(body, Statement)]


async def test_nothing_is_stated_before_the_first_day_is_over(town: Town) -> None:
    await town.keeper.retention_pass()
    assert await statements(town) == []


async def test_each_day_is_stated_once_and_the_destroyed_stand_on_theirs(
    town: Town, segments: list[SealedSegment]
) -> None:
    await town.hold(segments[1])
    await town.keeper.retention_pass()
    for _ in range(40):
        town.clock.advance(DAY_US)
        await town.keeper.retention_pass()
        await town.keeper.retention_pass()
    stated = await statements(town)
    days = [one.day for one in stated]
    assert (len(days), days) == (40, sorted(set(days)))
    assert all(one.to_utc_us == after.from_utc_us for one, after in pairwise(stated))
    (day,) = [one for one in stated if any(camera.destroyed for camera in one.cameras)]
    (camera,) = day.cameras
    (destroyed,) = camera.destroyed
    logged = [body for body in await town.logged() if isinstance(body, Expired)]
    assert (destroyed.reason, destroyed.segments, destroyed.lost) == ("cap", len(logged[0].segs), 0)
    assert destroyed.bytes == logged[0].bytes
    assert stated[-1].cameras[0].held == len(segments) - destroyed.segments


async def test_keeper_that_was_away_makes_up_for_every_day_from_ledger_and_index_alone(
    town: Town, segments: list[SealedSegment]
) -> None:
    town.clock.advance(10 * DAY_US)
    await town.keeper.retention_pass()
    assert len(await statements(town)) == 10
    await town.restart()
    town.clock.advance(3 * DAY_US)
    await town.keeper._stating.run(town.clock.utc_us())
    days = [one.day for one in await statements(town)]
    assert (len(days), len(set(days))) == (13, 13)


async def test_crash_after_the_ledger_has_it_states_no_day_twice(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crash(BaseException):
        """The process dies here."""

    append = Books.append

    async def dies(books: Books, drafts: Sequence[Draft]) -> list[Appended]:
        await append(books, drafts)
        raise Crash

    town.clock.advance(2 * DAY_US)
    with monkeypatch.context() as patch:
        patch.setattr(Books, "append", dies)
        with pytest.raises(Crash):
            await Stating(town.keeper.books, town.settings.zone).run(town.clock.utc_us())
    await town.restart()
    assert await town.keeper._stating.run(town.clock.utc_us()) == 1
    days = [one.day for one in await statements(town)]
    assert (len(days), len(set(days))) == (2, 2)


async def test_footage_that_was_lost_is_told_when_its_keys_go(town: Town, segments: list[SealedSegment]) -> None:
    await asyncio.to_thread(town.path(segments[0]).unlink)
    await town.keeper.reconcile()
    await town.act(
        people.Camera(camera=CAMERA, url_hash="0" * 64, shard=0, retention_days=3, retired=False),
    )
    town.clock.advance(10 * DAY_US)
    await town.keeper.retention_pass()
    town.clock.advance(DAY_US)
    await town.keeper.retention_pass()
    (camera,) = (await statements(town))[-1].cameras
    assert [(one.reason, one.segments, one.lost) for one in camera.destroyed] == [("camera", 3, 1)]


async def test_clock_that_is_not_believed_states_nothing(town: Town) -> None:
    town.clock.step_utc(400 * DAY_US)
    await town.keeper.retention_pass()
    assert await statements(town) == []
