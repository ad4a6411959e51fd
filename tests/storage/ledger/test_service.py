"""The ledger on the event loop: what was answered is there, whoever dies."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nvr.base.clock import SimClock
from nvr.base.errors import InvalidValue
from nvr.base.units import UtcUs
from storage.ledger import service as service_module
from storage.ledger.entries import decode
from storage.ledger.machine import Missing
from storage.ledger.note import open_checkpoint, verify_proof
from storage.ledger.reader import DATABASE_NAME, LedgerReader
from storage.ledger.service import Draft, LedgerService, NotSigned
from storage.ledger.store import Ledger, create_ledger, read_log_key
from storage.ledger.tables import LedgerUnavailable
from storage.merkle import verify_consistency
from tests.storage.ledger.samples import NOW_UTC_US, OFFICER, hold, uuid

ORIGIN = "ville.example/scelle/1"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def clock() -> SimClock:
    return SimClock(utc_us=NOW_UTC_US)


@pytest.fixture
async def service(tmp_path: Path, clock: SimClock) -> AsyncIterator[LedgerService]:
    await asyncio.to_thread(create_ledger, tmp_path, ORIGIN, UtcUs(NOW_UTC_US))
    service = LedgerService(tmp_path, ORIGIN, clock)
    await service.start()
    yield service
    await service.close()


def event(number: int) -> Draft:
    return Draft(Missing(seg=uuid(number), camera="hall-1", start_utc_us=1, end_utc_us=2, why="lost"))


def act(number: int) -> Draft:
    return Draft(hold(number), actor=OFFICER, act=uuid(number))


async def test_entry_is_dated_by_the_keepers_clock(service: LedgerService, clock: SimClock) -> None:
    clock.advance(7_000_000)
    (appended,) = await service.append([event(1)])
    assert decode(appended.leaf).ts_utc_us == NOW_UTC_US + 7_000_000
    assert await service.entry(appended.index) == appended.leaf


async def test_groups_that_wait_share_a_transaction(service: LedgerService, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    append = Ledger.append_groups

    def counted(ledger: Ledger, groups: list[list[object]]) -> object:
        sizes.append(len(groups))
        return append(ledger, groups)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "append_groups", counted)
    answers = await asyncio.gather(*(service.append([event(number)]) for number in range(50)))
    assert sorted(answer[0].index for answer in answers) == list(range(1, 51))
    assert sum(sizes) == 50
    assert len(sizes) <= 2


async def test_refused_transaction_is_told_to_all_who_wait_and_the_next_works(
    service: LedgerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "append_groups", _disk_is_full)
        results = await asyncio.gather(*(service.append([act(n)]) for n in (1, 2)), return_exceptions=True)
    assert [type(result) for result in results] == [LedgerUnavailable, LedgerUnavailable]
    assert await service.size() == 1
    assert (await service.append([act(1)]))[0].index == 1


def _disk_is_full(ledger: Ledger, groups: object) -> None:
    raise LedgerUnavailable(why="disk full")


async def test_caller_who_went_away_does_not_stop_the_others(service: LedgerService) -> None:
    gone = asyncio.create_task(service.append([act(1)]))
    stays = asyncio.create_task(service.append([act(2)]))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays)[0].index == 2
    assert await service.find_act(uuid(1)) == 1


async def test_unacceptable_entry_leaves_nothing(service: LedgerService) -> None:
    with pytest.raises(InvalidValue):
        await service.append([event(1), Draft(hold(2), actor=OFFICER)])
    assert await service.size() == 1


async def test_act_is_provable_at_once_and_an_event_on_demand(service: LedgerService, tmp_path: Path) -> None:
    public = (await asyncio.to_thread(read_log_key, tmp_path)).public_key()
    (signed,) = await service.append([act(1)])
    proof = await service.proof(signed.index)
    assert verify_proof(signed.leaf, proof, public).size == 2
    (unsigned,) = await service.append([event(2)])
    assert verify_proof(unsigned.leaf, await service.proof(unsigned.index), public).size == 3
    assert verify_proof(signed.leaf, await service.proof(signed.index, 2), public).size == 2


async def test_growth_is_provable_between_two_checkpoints(service: LedgerService, tmp_path: Path) -> None:
    public = (await asyncio.to_thread(read_log_key, tmp_path)).public_key()
    await service.append([act(1)])
    old = open_checkpoint(str(await service.last_checkpoint()), public)
    await service.append([event(n) for n in range(2, 9)] + [act(9)])
    proof = await service.consistency(old.size)
    new = open_checkpoint(proof.checkpoint, public)
    verify_consistency(old.size, old.root, new.size, new.root, proof.path)


async def test_proof_in_a_tree_that_was_never_signed_is_refused(service: LedgerService) -> None:
    await service.append([event(1), event(2)])
    with pytest.raises(NotSigned):
        await service.proof(0, 2)
    with pytest.raises(InvalidValue):
        await service.proof(99)


async def test_entries_and_spool_positions_are_read(service: LedgerService) -> None:
    await service.append([event(1), event(2)])
    assert [index for index, _ in await service.entries(1, 10)] == [1, 2]
    assert await service.last_spooled(uuid(1), 0) is None


async def test_long_queue_goes_in_several_transactions(service: LedgerService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "MOST_GROUPS", 3)
    answers = await asyncio.gather(*(service.append([event(number)]) for number in range(10)))
    assert [answer[0].index for answer in answers] == list(range(1, 11))


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    create_ledger(tmp_path, ORIGIN, UtcUs(NOW_UTC_US))
    command = [sys.executable, "-m", "tests.storage.ledger.append_until_killed", str(tmp_path), ORIGIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline() for _ in range(200)]
        process.kill()
        answered += process.stdout.readlines()
    whole = [line.split() for line in answered if line.endswith("\n")]
    assert len(whole) >= 200
    Ledger(tmp_path, ORIGIN).close()
    reader = LedgerReader(tmp_path / DATABASE_NAME)
    for index, name in whole:
        assert reader.find_act(name) == int(index)
    reader.verify(read_log_key(tmp_path).public_key())
    reader.close()
