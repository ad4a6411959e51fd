"""From spool to ledger: once, in order, with the gaps that a dead recorder leaves."""

import asyncio
import dataclasses
import errno
from pathlib import Path

import pytest

from nvr.base.ids import BootId
from nvr.base.units import UtcUs
from storage.index.rows import GapRow
from storage.index.writer import Index
from storage.keeping import blobs
from storage.ledger import people
from storage.ledger.entries import decode
from storage.ledger.machine import Boot, Gap, Heartbeat, Move, Seal, Stop
from storage.ledger.service import LedgerService
from storage.ledger.tables import LedgerUnavailable
from storage.records import GapCause, MoveWhy
from storage.sealing import SegmentFailure
from storage.spool import SpoolWriter
from storage.spool_events import SpoolEvents
from storage.spool_reader import SpoolEvent, SpoolReader
from tests.storage.keeping.town import KEY, Town
from tests.storage.ledger.samples import uuid
from tests.storage.sealed import CAMERA, NOW_US

MINUTE_US = 60_000_000


def spool_path(town: Town, boot: BootId) -> Path:
    return town.settings.spools / "0" / f"{boot}.spool"


async def gaps(town: Town) -> list[GapRow]:
    return await town.keeper.books.ask(Index.gaps, CAMERA, 0, 2**52)


async def new_boot(town: Town) -> BootId:
    town.clock.advance(10_000_000)
    return await town.tell([])


async def test_events_enter_once_however_often_the_spool_is_read(town: Town) -> None:
    recorded = await asyncio.to_thread(town.record, 3)
    await town.tell(recorded)
    assert await town.keeper.ingest.round() == 0
    await town.restart()
    assert await town.keeper.ingest.round() == 0
    assert [type(body) for body in await town.logged()][1:] == [Boot, Seal, Seal, Seal]


async def test_growing_spool_is_followed(town: Town) -> None:
    boot = town.boot()
    spool = await asyncio.to_thread(town.spool, boot)
    try:
        for number in range(3):
            spool.tell(Stop(reason=str(number)))
            await asyncio.to_thread(spool.wait_durable)
            assert await town.keeper.ingest.round() == (2 if number == 0 else 1)
        assert await town.keeper.ingest.round() == 0
    finally:
        await asyncio.to_thread(spool.close)
    assert town.keeper.ingest.pending() == [f"{boot}.spool"]


async def test_move_of_a_dome_enters_the_ledger_and_changes_nothing_of_the_index(town: Town) -> None:
    boot = town.boot()
    spool = await asyncio.to_thread(town.spool, boot)
    try:
        for to_utc_us in (None, UtcUs(NOW_US + MINUTE_US)):
            SpoolEvents(spool).move(
                move=uuid(7), camera=CAMERA, from_utc_us=NOW_US, to_utc_us=to_utc_us, why=MoveWhy.LEFT, moves=1
            )
        await asyncio.to_thread(spool.wait_durable)
        assert await town.keeper.ingest.round() == 3
    finally:
        await asyncio.to_thread(spool.close)
    begun, ended = [body for body in await town.logged() if isinstance(body, Move)]
    assert (begun.move, begun.camera, begun.to_utc_us, begun.why) == (ended.move, CAMERA, None, "left")
    assert ended.to_utc_us == NOW_US + MINUTE_US
    assert await gaps(town) == []
    assert (await town.keeper.books.ask(Index.progress)).applied_size == await town.keeper.ledger.size()


async def test_keeper_that_dies_between_ledger_and_index_loses_and_repeats_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = await asyncio.to_thread(town.record, 2)

    with monkeypatch.context() as patch:
        calls = iter(range(100))
        follow = type(town.keeper.books).follow

        async def dies_after_the_events(books: object) -> object:
            if next(calls) == 2:
                raise asyncio.CancelledError
            return await follow(town.keeper.books)

        patch.setattr(type(town.keeper.books), "follow", dies_after_the_events)
        with pytest.raises(asyncio.CancelledError):
            await town.tell(recorded)
    assert await town.keeper.ledger.size() == 4
    assert (await town.keeper.books.ask(Index.progress)).applied_size == 2
    await town.restart()
    await town.keeper.ingest.round()
    assert await town.keeper.ledger.size() == 4
    assert [(await town.row(one.segment)).ledger_index for one in recorded] == [2, 3]


async def test_refused_group_is_taken_by_the_next_round(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = town.boot()
    await asyncio.to_thread(town.write_spool, boot, [])
    with monkeypatch.context() as patch:
        patch.setattr(LedgerService, "append", _refuse)
        with pytest.raises(LedgerUnavailable):
            await town.keeper.ingest.round()
    assert await town.keeper.ingest.round() == 1


async def _refuse(service: object, drafts: object) -> None:
    raise LedgerUnavailable(why="disk full")


async def test_spool_of_an_ended_boot_is_removed_when_it_is_in_the_ledger(town: Town) -> None:
    first = await new_boot(town)
    second = town.boot()
    living = await asyncio.to_thread(town.spool, second)
    await asyncio.to_thread(living.wait_durable)
    await town.keeper.ingest.round()
    assert not await asyncio.to_thread(spool_path(town, first).exists)
    assert await asyncio.to_thread(spool_path(town, second).exists)
    ended = [await asyncio.to_thread(town.keeper.ingest.is_ended, boot, 0) for boot in (first, second)]
    assert ended == [True, False]
    await asyncio.to_thread(living.close)
    await town.keeper.ingest.round()
    assert await asyncio.to_thread(town.keeper.ingest.is_ended, second, 0)


async def test_live_spool_stays_when_the_clock_went_back_before_its_process_began(town: Town) -> None:
    older = town.boot()
    await asyncio.to_thread(town.write_spool, older, [])
    town.clock.step_utc(-60 * MINUTE_US)
    boot = town.boot()
    assert boot < older
    living = await asyncio.to_thread(town.spool, boot)
    await asyncio.to_thread(living.wait_durable)
    await town.keeper.ingest.round()
    assert await asyncio.to_thread(spool_path(town, boot).exists)
    living.tell(Stop(reason="told after the round"))
    await asyncio.to_thread(living.close)
    await town.keeper.ingest.round()
    assert await town.keeper.ledger.last_spooled(boot, 0) == 1
    assert [type(body) for body in await town.logged()][1:] == [Boot, Boot, Stop]


async def test_torn_tail_of_an_ended_boot_does_not_keep_its_spool(town: Town) -> None:
    first = town.boot()
    await asyncio.to_thread(town.write_spool, first, [])
    await asyncio.to_thread(_append, spool_path(town, first), b"\xff\x00\x00\x00{")
    await new_boot(town)
    assert not await asyncio.to_thread(spool_path(town, first).exists)
    assert town.keeper.ingest.faults() == {}


async def test_damaged_spool_is_named_and_kept_and_the_others_go_on(town: Town) -> None:
    first = town.boot()
    recorded = await asyncio.to_thread(town.record, 2)
    await asyncio.to_thread(town.write_spool, first, recorded)
    await asyncio.to_thread(_flip, spool_path(town, first), -20)
    second = await new_boot(town)
    assert list(town.keeper.ingest.faults()) == [f"{first}.spool"]
    assert await asyncio.to_thread(spool_path(town, first).exists)
    assert await town.keeper.ledger.last_spooled(second, 0) == 0
    assert await town.keeper.ledger.last_spooled(first, 0) == 1


async def test_segment_behind_the_damage_of_a_spool_is_found_on_its_volume_once_its_process_ended(town: Town) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    boot = town.recorder.writer._openings.identity.boot
    spool = await asyncio.to_thread(town.spool, boot)
    try:
        SpoolEvents(spool).sealed(recorded)
        await asyncio.to_thread(spool.wait_durable)
        await asyncio.to_thread(_flip, spool_path(town, boot), -20)
        await town.keeper.ingest.round()
        await town.keeper.reconcile()
        assert await town.keeper.books.ask(Index.segment, recorded.segment) is None
    finally:
        await asyncio.to_thread(spool.close)
    await town.keeper.reconcile()
    assert (await town.row(recorded.segment)).recovered


async def test_spool_that_had_to_go_to_the_runtime_folder_is_taken_too(town: Town) -> None:
    town.settings = dataclasses.replace(town.settings, runtime=town.directory / "run")
    await town.restart()
    (recorded,) = await asyncio.to_thread(town.record, 1)
    boot = town.boot()
    spool = await asyncio.to_thread(
        lambda: SpoolWriter(town.directory / "run" / "spool", 0, boot, town.clock, KEY, sw="scelle test")
    )
    try:
        SpoolEvents(spool).sealed(recorded)
        await asyncio.to_thread(spool.wait_durable)
        await town.keeper.ingest.round()
        assert not (await town.row(recorded.segment)).recovered
        assert not await asyncio.to_thread(town.keeper.ingest.is_ended, boot, 0)
    finally:
        await asyncio.to_thread(spool.close)
    await town.keeper.ingest.round()
    assert await asyncio.to_thread(town.keeper.ingest.is_ended, boot, 0)


async def test_fault_of_a_spool_that_is_gone_is_no_fault(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = town.boot()
    await asyncio.to_thread(town.write_spool, boot, [])

    def refuses(reader: SpoolReader) -> list[SpoolEvent]:
        raise OSError(errno.EIO, "bad sector")

    with monkeypatch.context() as patch:
        patch.setattr(SpoolReader, "read", refuses)
        await town.keeper.ingest.round()
    assert town.keeper.ingest.faults() != {}
    await asyncio.to_thread(spool_path(town, boot).unlink)
    await town.keeper.ingest.round()
    assert town.keeper.ingest.faults() == {}


async def test_spool_that_its_disk_refuses_is_named_and_the_others_go_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = town.boot(), town.boot()
    for boot in (first, second):
        await asyncio.to_thread(town.write_spool, boot, [])
    read = SpoolReader.read

    def refuses(reader: SpoolReader) -> list[SpoolEvent]:
        if reader.path.stem == first:
            raise OSError(errno.EIO, "bad sector")
        return read(reader)

    with monkeypatch.context() as patch:
        patch.setattr(SpoolReader, "read", refuses)
        assert await town.keeper.ingest.round() == 1
    assert list(town.keeper.ingest.faults()) == [f"{first}.spool"]
    assert await town.keeper.ingest.round() == 1
    assert town.keeper.ingest.faults() == {}


async def test_event_that_the_ledger_does_not_know_stops_its_spool_behind_what_it_knows(town: Town) -> None:
    boot = town.boot()
    spool = await asyncio.to_thread(town.spool, boot)
    spool.tell(Stop(reason="good"))
    spool.event("stop", {"reason": 7})
    await asyncio.to_thread(spool.close)
    await town.keeper.ingest.round()
    assert list(town.keeper.ingest.faults()) == [f"{boot}.spool"]
    assert await town.keeper.ledger.last_spooled(boot, 0) == 1


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


async def test_event_that_waited_a_minute_is_late(town: Town) -> None:
    await asyncio.to_thread(town.write_spool, town.boot(), [])
    town.clock.advance(MINUTE_US - 1)
    await town.keeper.ingest.round()
    await asyncio.to_thread(town.write_spool, BootId(uuid(0x900)), [])
    boot = town.boot()
    await asyncio.to_thread(town.write_spool, boot, [])
    town.clock.advance(MINUTE_US)
    await town.keeper.ingest.round()
    entries = [decode(leaf) for _, leaf in await town.keeper.entries(1, 10)]
    assert [entry.spool is not None and entry.spool.late for entry in entries][:1] == [False]
    assert {entry.spool.late for entry in entries if entry.spool and entry.spool.boot == boot} == {True}


async def test_heartbeat_leaves_its_state_as_a_blob_and_its_hash_in_the_ledger(town: Town) -> None:
    spool = await asyncio.to_thread(town.spool, town.boot())
    SpoolEvents(spool).heartbeat({"cameras": {"a": "recording"}}, 3, "unsynchronised")
    await asyncio.to_thread(spool.close)
    await town.keeper.ingest.round()
    (beat,) = [body for body in await town.logged() if isinstance(body, Heartbeat)]
    blob = await asyncio.to_thread(blobs.read, town.settings.blobs, beat.state)
    assert blob == b'{"cameras":{"a":"recording"}}'
    assert town.keeper.ingest.sync == "unsynchronised"


async def test_recorder_that_died_leaves_a_gap_from_its_last_record_to_the_next_boot(town: Town) -> None:
    recorded = await asyncio.to_thread(town.record, 2)
    await town.tell(recorded)
    town.clock.advance(MINUTE_US)
    await new_boot(town)
    (gap,) = await gaps(town)
    assert (gap.from_utc_us, gap.to_utc_us, gap.cause) == (recorded[-1].end_utc_us, town.clock.utc_us(), "stopped")
    await town.restart()
    await town.keeper.ingest.round()
    assert len(await gaps(town)) == 1


async def test_second_boot_does_not_tell_the_first_gap_again(town: Town) -> None:
    await town.tell(await asyncio.to_thread(town.record, 1))
    town.clock.advance(MINUTE_US)
    await new_boot(town)
    between = town.clock.utc_us()
    await new_boot(town)
    first, second = await gaps(town)
    assert first.to_utc_us == second.from_utc_us == between
    assert second.to_utc_us == town.clock.utc_us()


async def test_gap_that_the_dead_recorder_left_open_ends_at_the_next_boot(town: Town) -> None:
    await town.tell(await asyncio.to_thread(town.record, 1))
    town.clock.advance(MINUTE_US)
    spool = await asyncio.to_thread(town.spool, town.boot())
    SpoolEvents(spool).gap(
        gap=uuid(0x400),
        camera=CAMERA,
        from_utc_us=UtcUs(NOW_US + MINUTE_US),
        to_utc_us=None,
        cause=GapCause.SILENT,
        detail="",
    )
    await asyncio.to_thread(spool.close)
    await town.keeper.ingest.round()
    await new_boot(town)
    told = [gap for gap in await gaps(town) if gap.gap == uuid(0x400)]
    assert [(gap.cause, gap.to_utc_us) for gap in told] == [("silent", town.clock.utc_us())]
    assert len([body for body in await town.logged() if isinstance(body, Gap) and body.gap == uuid(0x400)]) == 2


async def test_segment_recovered_after_the_boot_shortens_the_gap(town: Town) -> None:
    first, grew = await asyncio.to_thread(town.record, 2)
    await town.tell([first])
    town.clock.advance(MINUTE_US)
    boot = town.boot()
    spool = await asyncio.to_thread(town.spool, boot)
    await asyncio.to_thread(spool.wait_durable)
    await town.keeper.ingest.round()
    (gap,) = await gaps(town)
    assert gap.from_utc_us == first.end_utc_us
    SpoolEvents(spool).sealed(dataclasses.replace(grew, recovered=True))
    await asyncio.to_thread(spool.close)
    await town.keeper.ingest.round()
    (shortened,) = await gaps(town)
    assert (shortened.gap, shortened.from_utc_us, shortened.to_utc_us) == (gap.gap, grew.end_utc_us, gap.to_utc_us)


async def test_footage_of_a_volume_that_came_back_ends_the_gap_that_its_loss_was_told_as(town: Town) -> None:
    # Also where both are taken from the spool at once: the keeper was away for longer than the volume.
    lost, grew = await asyncio.to_thread(town.record, 2)
    spool = await asyncio.to_thread(town.spool, town.boot())
    events = SpoolEvents(spool)
    for one in (lost, grew):
        events.records_lost(CAMERA, one.start_utc_us, one.end_utc_us, SegmentFailure.VOLUME_LOST)
    events.sealed(dataclasses.replace(grew, recovered=True))
    await asyncio.to_thread(spool.close)
    await town.keeper.ingest.round()
    told = [(gap.from_utc_us, gap.to_utc_us) for gap in await gaps(town) if gap.to_utc_us != gap.from_utc_us]
    assert told == [(lost.start_utc_us, lost.end_utc_us)]


async def test_retired_and_foreign_cameras_have_no_gap(town: Town) -> None:
    await town.tell(await asyncio.to_thread(town.record, 1))
    town.clock.advance(MINUTE_US)
    other = await asyncio.to_thread(town.spool, town.boot(), 1)
    await asyncio.to_thread(other.close)
    await town.keeper.ingest.round()
    assert await gaps(town) == []
    await town.act(people.Camera(camera=CAMERA, url_hash="0" * 64, shard=0, retention_days=None, retired=True))
    await new_boot(town)
    assert await gaps(town) == []


async def test_what_is_no_spool_is_left_alone(town: Town) -> None:
    def put() -> None:
        (town.settings.spools / "not-a-shard").mkdir(parents=True)
        (town.settings.spools / "not-a-shard" / "x.spool").write_bytes(b"x")

    await asyncio.to_thread(put)
    assert await town.keeper.ingest.round() == 0
