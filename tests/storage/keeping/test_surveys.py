"""What is decided of everything that may be due, and how much room a volume needs free."""

import asyncio
from datetime import UTC

import pytest

from nvr.base.units import UtcUs
from storage.index.queries import IndexReader
from storage.keeping.surveys import decisions_at, reserve_of
from storage.retention import Decision, Verdict
from storage.volume import Space
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.sealed import NOW_US


async def decided(town: Town, now_utc_us: int) -> list[Decision]:
    def ask(index: IndexReader, now_utc_us: UtcUs) -> list[Decision]:
        return list(decisions_at(index, UTC, now_utc_us))

    return await town.keeper.books.survey(ask, UtcUs(now_utc_us))


@pytest.mark.parametrize("page", [1, 5000])
async def test_everything_that_may_be_due_is_decided_once_whatever_the_page(
    town: Town, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("storage.keeping.surveys.PAGE", page)
    segments = await asyncio.to_thread(town.record, 2)
    await town.tell(segments)
    await town.hold(segments[0])
    assert await decided(town, NOW_US) == []
    found = {each.segment.seg: each.verdict for each in await decided(town, NOW_US + 40 * DAY_US)}
    assert found == {
        str(segments[0].segment): Verdict.HELD,
        str(segments[1].segment): Verdict.DUE,
    }


def test_small_volume_keeps_a_share_free_and_a_large_one_what_was_set() -> None:
    assert reserve_of(Space(0, 1000), 10_000) < 1000
    assert reserve_of(Space(0, 1_000_000_000), 10_000) == 10_000
