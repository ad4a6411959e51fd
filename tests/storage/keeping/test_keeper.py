"""The keeper's calls and its turns, on a whole storage side."""

import asyncio
import errno
import json
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from nvr.base.errors import ConfigError, InvalidValue
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.stop import Stop
from storage import snapshot
from storage.index.tables import SegmentState
from storage.keeping import blobs
from storage.keeping.keeper import Keeper, RotationIncomplete
from storage.ledger.entries import body_as_json, decode
from storage.ledger.machine import Expire, Expired
from storage.ledger.note import verify_proof
from storage.ledger.service import Draft
from storage.ledger.store import Ledger, read_log_key
from storage.ledger.tables import LedgerUnavailable
from storage.snapshot import CameraEntry
from storage.volume import create_volume
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import ENTRIES, hold, uuid
from tests.storage.sealed import CAMERA, ORIGIN
from tests.storage.until import until


def entry(t: str = "hold", act: str | None = uuid(1), **changes: Json) -> dict[str, Json]:
    body = {**body_as_json(ENTRIES[t].body), **changes}
    return {"t": t, "actor": {"id": "a.martin", "role": "officer"}, "act": act, "body": body}


async def test_act_is_appended_found_read_and_proved(town: Town) -> None:
    keeper = town.keeper
    (appended,) = await keeper.append([entry()])
    assert await keeper.find_act(uuid(1)) == appended.index
    assert await keeper.entry(appended.index) == appended.leaf
    assert decode(appended.leaf).body == hold()
    public = (await asyncio.to_thread(read_log_key, town.settings.ledger)).public_key()
    assert verify_proof(appended.leaf, await keeper.proof(appended.index), public).size == 2
    assert (await keeper.consistency(1)).checkpoint == (await keeper.status()).checkpoint
    assert [index for index, _ in await keeper.entries(0, 10)] == [0, 1]


async def test_group_enters_whole_or_not_at_all(town: Town) -> None:
    with pytest.raises(InvalidValue):
        await town.keeper.append([entry(), entry(act=uuid(2), until_utc_us="soon")])
    assert await town.keeper.ledger.size() == 1
    await town.keeper.append([entry(), entry("req", act=uuid(2))])
    assert await town.keeper.ledger.size() == 3


@pytest.mark.parametrize(
    "bad",
    [
        {},
        entry("seal", act=None),
        entry("expire", act=None),
        entry("log", act=None),
        {**entry(), "extra": 1},
        {**entry(), "actor": {"id": "a.martin"}},
        {**entry(), "actor": {"id": "A B", "role": "officer"}},
        {**entry(), "actor": {"id": 1, "role": "officer"}},
        {**entry(), "act": 7},
        {**entry(), "act": "7"},
        {**entry(), "act": None},
        {**entry(), "body": []},
    ],
)
async def test_what_access_may_not_append_is_refused(town: Town, bad: dict[str, Json]) -> None:
    with pytest.raises(InvalidValue):
        await town.keeper.append([bad])
    assert await town.keeper.ledger.size() == 1


async def test_rotation_answers_when_ledger_and_index_have_the_segments(town: Town) -> None:
    recorded = await asyncio.to_thread(town.record, 2)
    names = [segment.segment for segment in recorded]

    async def ask(cameras: Sequence[CameraId]) -> Sequence[SegmentId]:
        assert cameras == [CAMERA]
        await asyncio.to_thread(town.write_spool, town.boot(), recorded)
        return names

    assert await town.keeper.rotate([CAMERA], ask) == names
    assert (await town.row(names[1])).camera == CAMERA


async def test_rotation_waits_for_a_seal_that_comes_later(town: Town) -> None:
    recorded = await asyncio.to_thread(town.record, 1)

    async def ask(_: Sequence[CameraId]) -> Sequence[SegmentId]:
        return [recorded[0].segment]

    waiting = asyncio.create_task(town.keeper.rotate([CAMERA], ask))
    await until(lambda: town.clock.sleepers > 0)
    await asyncio.to_thread(town.write_spool, town.boot(), recorded)
    town.clock.advance(500_000)
    assert await waiting == [recorded[0].segment]


async def test_rotation_that_is_never_told_gives_up(town: Town) -> None:
    async def ask(_: Sequence[CameraId]) -> Sequence[SegmentId]:
        return [SegmentId(uuid(1))]

    waiting = asyncio.create_task(town.keeper.rotate([CAMERA], ask))
    await until(lambda: town.clock.sleepers > 0)
    town.clock.advance(31_000_000)
    with pytest.raises(RotationIncomplete):
        await waiting


async def test_snapshot_carries_the_size_of_the_ledger(town: Town) -> None:
    await town.keeper.append([entry()])
    cameras = [CameraEntry(camera=CAMERA, url="rtsp://camera.example/1", shard=0)]
    assert await town.keeper.publish(cameras) == 2
    published = await asyncio.to_thread(snapshot.load, town.settings.camera_snapshot)
    assert (published.ledger_size, published.cameras) == (2, tuple(cameras))


async def test_snapshots_are_published_one_after_the_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way: list[int] = []
    most: list[int] = []
    real = snapshot.publish

    def counted(path: Path, what: snapshot.CameraSnapshot) -> None:
        under_way.append(1)
        most.append(len(under_way))
        real(path, what)
        under_way.pop()

    monkeypatch.setattr(snapshot, "publish", counted)
    await asyncio.gather(*(town.keeper.publish([]) for _ in range(20)))
    assert most == [1] * 20


async def test_status_is_json_and_names_what_is_wrong(town: Town) -> None:
    await asyncio.to_thread(town.recorder.volume.path.rename, town.directory / "away")
    assert (await town.keeper.status()).last_pass_utc_us is None
    await town.keeper.retention_pass()
    status = await town.keeper.status()
    assert (status.ledger_size, status.index_size) == (1, 1)
    assert status.last_pass_utc_us == town.clock.utc_us()
    assert list(status.faults) == [str(town.recorder.volume.path)]
    assert json.loads(json.dumps(asdict(status)))["ledger_size"] == 1


async def test_status_does_not_wait_for_a_write_of_the_index(town: Town) -> None:
    written = threading.Event()
    writing = asyncio.create_task(town.keeper.books.ask(lambda _: written.wait()))
    try:
        assert (await asyncio.wait_for(town.keeper.status(), 20)).index_size == 1
    finally:
        written.set()
        await writing


async def test_running_keeper_ingests_destroys_and_signs(town: Town) -> None:
    stop = Stop()
    running = asyncio.create_task(town.keeper.run(stop))
    recorded = await asyncio.to_thread(town.record, 2)
    await asyncio.to_thread(town.write_spool, town.boot(), recorded)
    town.clock.advance(40 * DAY_US)
    while not any(isinstance(body, Expired) for body in await town.logged()):
        await until(lambda: town.clock.sleepers > 0)
        town.clock.advance(60_000_000)
    stop.set()
    await running
    assert not await asyncio.to_thread(town.path(recorded[0]).exists)
    note = await town.keeper.ledger.last_checkpoint()
    assert str(note).split("\n")[1] == str(await town.keeper.ledger.size())


async def test_fault_of_one_turn_is_shown_and_gone_when_the_next_succeeds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Stop()
    places = town.recorder.places
    recorded = await asyncio.to_thread(town.record, 1)
    await town.tell(recorded)
    town.clock.advance(40 * DAY_US)
    for place in places:
        await asyncio.to_thread(place.rename, place.with_suffix(".away"))
    await town.keeper._survive("retention", town.keeper.retention_pass)
    assert set((await town.keeper.status()).faults) == {"keyring", "retention"}
    for place in places:
        await asyncio.to_thread(place.with_suffix(".away").rename, place)
    await town.keeper._survive("retention", town.keeper.retention_pass)
    assert (await town.keeper.status()).faults == {}
    assert not stop.is_set()


async def test_checkpoint_that_the_ledger_refuses_is_a_fault_and_the_next_is_signed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Stop()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "sign", _refuse)
        running = asyncio.create_task(town.keeper.run(stop))
        await town.settled()
        assert "checkpoint" in (await town.keeper.status()).faults
    town.clock.advance(60_000_000)
    await town.settled()
    assert (await town.keeper.status()).faults == {}
    await town.tell(await asyncio.to_thread(town.record, 1))
    stop.set()
    await running
    assert str(await town.keeper.ledger.last_checkpoint()).split("\n")[1] == "3"


def _refuse(ledger: Ledger) -> str:
    raise LedgerUnavailable(why="disk full")


async def test_disk_that_refuses_is_a_fault_and_not_the_end(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def bad_disk(*_: object) -> int:
        raise OSError(errno.EIO, "bad disk")

    with monkeypatch.context() as patch:
        patch.setattr(blobs, "prune", bad_disk)
        await town.keeper.retention_pass()
    assert "bad disk" in (await town.keeper.status()).faults["blobs"]
    await town.keeper.retention_pass()
    assert (await town.keeper.status()).faults == {}


async def test_volume_that_can_not_be_read_does_not_keep_the_next_from_comparison(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    bad = await asyncio.to_thread(lambda: create_volume(town.directory / "bad", ORIGIN, now_utc_us=town.clock.utc_us()))
    good = town.recorder.volume
    town.paths[:] = [bad.path, good.path]
    await town.keeper.retention_pass()  # which looks which volumes there are
    scandir = os.scandir

    def refuses(path: Path) -> object:
        if path.is_relative_to(bad.path):
            raise OSError(errno.EIO, "unreadable")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuses)
        await town.keeper.reconcile()
    assert (await town.row(recorded.segment)).recovered
    assert "unreadable" in (await town.keeper.status()).faults[f"volume {bad.path}"]
    await town.keeper.reconcile()
    assert (await town.keeper.status()).faults == {}


async def test_file_that_can_not_be_removed_at_start_is_a_fault_and_goes_with_the_next_comparison(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recorded,) = await asyncio.to_thread(town.record, 1)
    await town.tell([recorded])
    doomed = Expire(segs=(recorded.segment,), reason="cap", deadline_utc_us=town.clock.utc_us())
    await town.keeper.books.append([Draft(doomed)])

    def bad_sector(path: Path) -> None:
        raise OSError(errno.EIO, "bad sector")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", bad_sector)
        await town.restart()
    assert (await town.row(recorded.segment)).state is SegmentState.GONE
    name = f"volume {town.recorder.volume.path}"
    assert "bad sector" in (await town.keeper.status()).faults[name]
    await town.keeper.reconcile()
    assert (await town.keeper.status()).faults == {}
    assert not await asyncio.to_thread(town.path(recorded).exists)


async def test_fault_of_the_program_ends_the_keeper(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(town.keeper.ingest, "round", broken)
    with pytest.raises(ExceptionGroup) as error:
        await town.keeper.run(Stop())
    assert error.value.subgroup(ZeroDivisionError) is not None


async def test_keeper_without_a_ledger_does_not_start(town: Town) -> None:
    await asyncio.to_thread((town.settings.ledger / "log.key").unlink)
    keeper = Keeper(town.settings, town.clock)
    with pytest.raises(ConfigError):
        await keeper.start()
