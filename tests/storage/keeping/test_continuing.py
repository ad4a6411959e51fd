"""A ledger that is an old copy takes nothing until somebody has declared it, and then goes on."""

import asyncio
import shutil
from collections.abc import Callable

import pytest

from nvr.base.ids import uuid7
from nvr.base.jcs import Json
from nvr.base.stop import Stop
from nvr.base.units import UtcUs
from storage.inspection import Depth
from storage.keeping.check_mark import Request
from storage.keeping.continuing import Continuing
from storage.keeping.restored import (
    MARK_NAME,
    RESUME_US,
    Break,
    LedgerHalted,
    LedgerRestored,
    NotRestored,
    Restored,
    read_restored,
    write_restored,
)
from storage.ledger.entries import body_as_json
from storage.ledger.machine import Seal
from storage.ledger.note import NoteInvalid
from storage.ledger.people import Continue
from tests.storage.keeping.evidence import EvidenceTown, files_on
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import OFFICER, hash_of, hold
from tests.storage.sealed import NOW_US
from tests.storage.until import until


def act(body: object, number: int = 0) -> dict[str, Json]:
    return {
        "t": body.t,  # type: ignore[attr-defined]
        "actor": {"id": OFFICER.id, "role": OFFICER.role},
        "act": uuid7(UtcUs(NOW_US + number)),
        "body": body_as_json(body),  # type: ignore[arg-type]
    }


def declaration(broken: Break, **other: object) -> Continue:
    values = {
        "size": broken.size,
        "root": broken.root,
        "kept": broken.kept,
        "seen": broken.seen,
        "from_utc_us": broken.from_utc_us,
        "to_utc_us": NOW_US,
        "backup_utc_us": broken.backup_utc_us,
        "reason": hash_of(1),
    }
    return Continue.model_validate(values | other)


async def rolled_back(town: Town) -> int:
    """The ledger of a moment ago, and the size that it had; the places saw it larger."""
    await town.tell(await asyncio.to_thread(town.record, 1))
    await town.keeper._checkpoint()
    await town.keeper.close()
    old = town.directory / "old"
    await asyncio.to_thread(shutil.copytree, town.settings.ledger, old)
    town.keeper = town.new_keeper()
    await town.keeper.start()
    size = await town.keeper.ledger.size()
    await town.tell(await asyncio.to_thread(town.record, 2, start_utc_us=NOW_US + 60_000_000))
    await town.keeper._checkpoint()
    await town.keeper.close()
    for path in (town.settings.ledger, town.settings.index.parent):
        await asyncio.to_thread(shutil.rmtree, path)
    await asyncio.to_thread(shutil.move, old, town.settings.ledger)
    town.keeper = town.new_keeper()
    await town.keeper.start()
    return size


async def test_ledger_that_a_place_saw_larger_takes_nothing_and_signs_nothing(town: Town) -> None:
    size = await rolled_back(town)
    keeper = town.keeper
    broken = (await keeper.status()).broken
    assert broken is not None
    assert broken.size == size
    assert broken.seen is not None
    assert int(broken.seen.split("\n")[1]) > size
    with pytest.raises(LedgerRestored):
        await keeper.append([act(hold())])
    with pytest.raises(LedgerHalted):
        await keeper.append(
            [{"t": "denied", "actor": {"id": "access", "role": "machine"}, "act": None, "body": DENIED}]
        )
    await asyncio.to_thread(town.write_spool, town.boot(), [])
    before = await asyncio.to_thread((town.recorder.places[0] / MARK_NAME).read_bytes)
    for turn in (keeper._ingest_round, keeper._checkpoint, keeper.retention_pass, keeper.reconcile):
        with pytest.raises(LedgerHalted):
            await turn()
    assert await keeper.ledger.size() == size
    assert await asyncio.to_thread((town.recorder.places[0] / MARK_NAME).read_bytes) == before


async def test_check_that_finds_what_the_lost_ledger_had_tells_nothing_before_somebody_declared_it(town: Town) -> None:
    size = await rolled_back(town)
    await town.keeper.checking.begin(Request(Depth.SIZE), None)
    await town.keeper.check_turn()
    assert await town.keeper.ledger.size() == size
    found = town.keeper.checking.state
    assert found is not None
    assert "ledger-restored" in found["left"][str(town.recorder.volume.path)]


async def test_held_footage_is_not_copied_before_somebody_declared_what_the_ledger_lost(
    evidence_town: EvidenceTown,
) -> None:
    (held,) = await asyncio.to_thread(evidence_town.record, 1, first=9)
    await evidence_town.tell([held])
    await evidence_town.hold(held)
    await rolled_back(evidence_town)
    await evidence_town.keeper._survive("copies", evidence_town.keeper.copy_turn)
    assert "copies" in await evidence_town.faults()
    assert files_on(evidence_town.evidence) == set()


DENIED: dict[str, Json] = {"rule": "role", "what": "export", "object": None}


@pytest.mark.parametrize(
    "other",
    [
        lambda broken: {"size": broken.size - 1},
        lambda _: {"root": hash_of(9)},
        lambda _: {"seen": None},
        lambda broken: {"seen": broken.kept},
        lambda broken: {"kept": broken.seen},
    ],
    ids=["size", "root", "nothing-seen", "seen-too-small", "kept"],
)
async def test_declaration_of_what_is_not_so_is_refused(
    town: Town, other: Callable[[Break], dict[str, object]]
) -> None:
    await rolled_back(town)
    broken = town.keeper.continuing.broken
    assert broken is not None
    with pytest.raises(NotRestored):
        await town.keeper.append([act(declaration(broken, **other(broken)))])
    with pytest.raises(NotRestored):
        await town.keeper.append([act(declaration(broken)), act(hold(), 1)])
    forged = (broken.seen or "").replace("\n", "\n1", 1)
    with pytest.raises(NoteInvalid):
        await town.keeper.append([act(declaration(broken, seen=forged))])


async def test_declared_ledger_goes_on_and_destroys_nothing_for_an_hour(town: Town) -> None:
    size = await rolled_back(town)
    broken = town.keeper.continuing.broken
    assert broken is not None
    town.clock.advance(40 * DAY_US)
    ((index, _),) = [(one.index, one.leaf) for one in await town.keeper.append([act(declaration(broken))])]
    assert index == size
    assert (await town.keeper.status()).broken is None
    await town.keeper.append([act(hold(), 1)])
    await town.keeper._ingest_round()
    await town.keeper._survive("retention", town.keeper.retention_pass)
    assert "retention-waits" in (await town.keeper.status()).faults["retention"]
    await town.restart()
    await town.keeper._survive("retention", town.keeper.retention_pass)
    assert "retention" in (await town.keeper.status()).faults
    town.clock.advance(RESUME_US)
    await town.keeper.retention_pass()
    assert any(body.t == "expired" for body in await town.logged())


async def test_footage_of_the_lost_span_is_taken_in_as_soon_as_it_is_declared(town: Town) -> None:
    size = await rolled_back(town)
    broken = town.keeper.continuing.broken
    assert broken is not None
    stop = Stop()
    running = asyncio.create_task(town.keeper.run(stop))
    await town.settled()
    assert await town.keeper.ledger.size() == size
    await town.keeper.append([act(declaration(broken))])
    town.clock.advance(1_000_000)
    await until(lambda: not town.keeper._compare_soon)
    await town.settled()
    stop.set()
    await running
    assert [body.recovered for body in await town.logged() if isinstance(body, Seal)] == [False, True, True]


async def test_place_that_was_away_with_a_mark_of_the_declared_span_is_no_new_break(town: Town) -> None:
    await rolled_back(town)
    away = town.recorder.places[1]
    await asyncio.to_thread(away.rename, away.with_name("away"))
    broken = town.keeper.continuing.broken
    assert broken is not None
    await town.keeper.append([act(declaration(broken))])
    await asyncio.to_thread(away.with_name("away").rename, away)
    await town.restart()
    assert town.keeper.continuing.broken is None
    await town.keeper._checkpoint()
    marks = [await asyncio.to_thread((place / MARK_NAME).read_text) for place in town.recorder.places]
    assert marks == [await town.keeper.ledger.last_checkpoint()] * 2


async def test_mark_beyond_what_was_declared_halts_the_ledger_again(town: Town) -> None:
    await rolled_back(town)
    first = town.keeper.continuing
    assert first.broken is not None
    later = town.recorder.places[1] / MARK_NAME
    seen = later.read_text()
    await asyncio.to_thread(later.unlink)
    lost = town.recorder.places[0] / MARK_NAME
    await asyncio.to_thread(lost.unlink)
    await town.restart()
    await asyncio.to_thread(write_restored, town.settings.ledger, restored(await town.keeper.ledger.size()))
    await town.keeper.continuing.look()
    broken = town.keeper.continuing.broken
    assert broken is not None
    assert broken.seen is None
    assert broken.backup_utc_us == NOW_US - DAY_US
    # Somebody kept a checkpoint that is newer than the last kept entry, and older than another one elsewhere.
    await town.keeper.append([act(declaration(broken, seen=None))])
    assert await asyncio.to_thread(read_restored, town.settings.ledger) is None
    await asyncio.to_thread(later.write_text, seen)
    await town.restart()
    assert town.keeper.continuing.broken is None  # without a checkpoint, all that followed was declared


def restored(size: int) -> Restored:
    return Restored(size, hash_of(3), "20260921T000000Z", NOW_US - DAY_US, NOW_US)


async def test_ledger_that_was_not_restored_is_not_continued(town: Town) -> None:
    assert isinstance(town.keeper.continuing, Continuing)
    size = await town.keeper.ledger.size()
    root = (await town.keeper.ledger.root(size)).hex()
    whole = Break(size, root, await town.keeper.ledger.last_checkpoint(), None, NOW_US, None)
    with pytest.raises(NotRestored):
        await town.keeper.append([act(declaration(whole))])
