"""Room for recording: what is taken for it, what never is, and when the keeper stops taking."""

import asyncio
import errno

import pytest

from nvr.base.ids import CameraId
from storage import disk
from storage.index.tables import SegmentState
from storage.keeping.relieving import Relieved, Relieving
from storage.ledger import people
from storage.ledger.machine import Expire
from storage.sealing import SealedSegment
from storage.volume import Space, Volume
from tests.storage.keeping.town import DAY_US, Town


class Disk:
    """What the volume's file system says of its room; each look finds `frees_bytes` more than the one before."""

    def __init__(self, patch: pytest.MonkeyPatch, free_bytes: int = 900, total_bytes: int = 20_000) -> None:
        self.free_bytes = free_bytes
        self.total_bytes = total_bytes
        self.frees_bytes = 0
        patch.setattr(Volume, "space", lambda _: self.space())

    def space(self) -> Space:
        found = Space(self.free_bytes, self.total_bytes)
        self.free_bytes += self.frees_bytes
        return found


@pytest.fixture
async def segments(town: Town) -> list[SealedSegment]:
    recorded = await asyncio.to_thread(town.record, 3)
    await town.tell(recorded)
    return recorded


def relieving(town: Town, reserve_bytes: int = 1_000) -> Relieving:
    volumes = {town.recorder.volume.id: town.recorder.volume}
    books, reaper, zone = town.keeper.books, town.keeper._reaper, town.settings.zone
    return Relieving(books, reaper, lambda: volumes, zone=zone, reserve_bytes=reserve_bytes)


async def run(town: Town, parts: Relieving) -> Relieved:
    await town.keeper.books.follow()
    return await parts.run(town.clock.utc_us())


async def states(town: Town, segments: list[SealedSegment]) -> list[SegmentState]:
    return [(await town.row(segment.segment)).state for segment in segments]


def order(minimum: int) -> people.Authorisation:
    return people.Authorisation(
        authorisation="order-1",
        number="2026-1",
        from_utc_us=0,
        to_utc_us=None,
        retention_days=15,
        minimum_days=minimum,
        cameras=None,
    )


SEALED, GONE = SegmentState.SEALED, SegmentState.GONE


async def test_full_volume_is_relieved_of_the_oldest_beyond_the_minimum(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.act(order(2))
    room = Disk(monkeypatch)
    parts = relieving(town)
    assert (await run(town, parts)).pressed == []
    town.clock.advance(4 * DAY_US)
    room.frees_bytes = 200
    done = await run(town, parts)
    assert (done.pressed, done.halts) == ([town.recorder.volume.id], [])
    assert await states(town, segments) == [GONE, SEALED, SEALED]
    assert [body.reason for body in await town.logged() if isinstance(body, Expire)] == ["pressure"]


async def test_small_volume_is_not_emptied_for_a_reserve_that_it_can_not_have(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Disk(monkeypatch, free_bytes=500, total_bytes=10_000)
    assert (await run(town, relieving(town, 10 << 30))).pressed == []
    room.free_bytes = 499
    assert (await run(town, relieving(town, 10 << 30))).pressed == [town.recorder.volume.id]
    assert await states(town, segments) == [GONE, SEALED, SEALED]


async def test_relief_that_frees_no_room_stops_until_there_is_more(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Disk(monkeypatch)
    parts = relieving(town)
    (halt,) = (await run(town, parts)).halts
    assert (halt.id, halt.about, halt.fields["segments"]) == ("retention-idle", str(town.recorder.volume.path), 1)
    again = await run(town, parts)
    assert (again.halts, again.pressed) == ([halt], [])
    assert await states(town, segments) == [GONE, SEALED, SEALED]
    room.free_bytes = 950
    await run(town, parts)
    assert await states(town, segments) == [GONE, GONE, SEALED]


async def test_volume_that_has_room_again_by_itself_is_no_fault_any_more(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Disk(monkeypatch)
    parts = relieving(town)
    await run(town, parts)
    room.free_bytes = 5_000
    assert (await run(town, parts)).halts == []


async def test_nothing_is_destroyed_for_room_that_can_not_be_read(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(disk, "statvfs", refuses)
    (halt,) = (await run(town, relieving(town))).halts
    assert (halt.id, halt.about) == ("retention-blind", str(town.recorder.volume.path))
    assert "Input/output error" in str(halt.fields["why"])
    assert await states(town, segments) == [SEALED, SEALED, SEALED]


@pytest.mark.parametrize(("free_bytes", "total_bytes"), [(0, 0), (30_000, 20_000), (-5, 20_000)])
async def test_room_that_can_not_be_is_not_believed(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch, free_bytes: int, total_bytes: int
) -> None:
    Disk(monkeypatch, free_bytes, total_bytes)
    assert [halt.id for halt in (await run(town, relieving(town))).halts] == ["retention-blind"]
    assert await states(town, segments) == [SEALED, SEALED, SEALED]


async def test_when_only_held_and_protected_footage_is_left_it_stays_and_the_holds_are_named(
    town: Town, segments: list[SealedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.act(order(2))
    town.clock.advance(4 * DAY_US)
    young = await asyncio.to_thread(town.record, 1, start_utc_us=town.clock.utc_us(), camera=CameraId("hall-9"))
    await town.tell(young)
    middle = (segments[1].start_utc_us + segments[1].end_utc_us) // 2
    hold = people.Hold(
        hold=town.boot(),
        requisition=None,
        cameras=(segments[1].camera,),
        from_utc_us=middle,
        to_utc_us=middle,
        basis=None,
        until_utc_us=None,
    )
    await town.act(hold)
    room = Disk(monkeypatch, free_bytes=0, total_bytes=10 << 30)
    room.frees_bytes = 1
    done = await run(town, relieving(town, 1 << 30))
    assert await states(town, [*segments, *young]) == [GONE, SEALED, GONE, SEALED]
    (halt,) = done.halts
    assert halt.id == "retention-full"
    assert str(halt.fields["holds"]).startswith(hold.hold)
