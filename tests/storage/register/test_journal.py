import asyncio
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Location
from nvr.base.clock import SimClock
from nvr.base.errors import Retryable
from storage.ledger.entries import decode
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register
from tests.storage.register.conftest import EmptyRegister
from tests.storage.register.keeper import Died, MemoryLedger, dies, does_not_answer
from tests.storage.register.story import camera, dump, proposing, states, story


@pytest.mark.parametrize("step", range(7))
async def test_death_before_the_ledger_took_it_means_that_it_never_happened(
    empty_register: EmptyRegister, ledger: MemoryLedger, clock: SimClock, step: int
) -> None:
    groups, location = story(clock), await asyncio.to_thread(empty_register, 0)
    register = await Register.open(location, ledger)
    for group in groups[:step]:
        await register.act(proposing(*group))
    before = await register.read(dump)
    ledger.before = dies
    with pytest.raises(Died):
        await register.act(proposing(*groups[step]))
    await register.close()
    ledger.before = lambda: None
    register = await Register.open(location, ledger)
    assert await register.read(dump) == before
    for group in groups[step:]:  # and it can be done again
        await register.act(proposing(*group))
    assert await register.read(states) == ["closed"]
    await register.close()


@pytest.mark.parametrize("step", range(7))
async def test_death_after_the_ledger_took_it_is_completed_at_the_next_start(
    empty_register: EmptyRegister, ledger: MemoryLedger, clock: SimClock, step: int
) -> None:
    groups, location = story(clock), await asyncio.to_thread(empty_register, 0)
    register = await Register.open(location, ledger)
    for group in groups[:step]:
        await register.act(proposing(*group))
    ledger.after = dies
    with pytest.raises(Died):
        await register.act(proposing(*groups[step]))
    await register.close()
    ledger.after = lambda: None
    register = await Register.open(location, ledger)
    for group in groups[step + 1 :]:
        await register.act(proposing(*group))
    completed = await register.read(dump)
    await register.rebuild()
    assert await register.read(dump) == completed
    assert completed["requisition"][0]["state"] == "closed"
    assert completed["camera"][0]["url"] == "rtsp://192.0.2.7/"
    await register.close()


async def test_lost_register_comes_back_from_the_ledger_without_personal_values(
    empty_register: EmptyRegister, ledger: MemoryLedger, clock: SimClock
) -> None:
    register = await Register.open(await asyncio.to_thread(empty_register, 0), ledger)
    for group in story(clock):
        await register.act(proposing(*group))
    await register.close()
    register = await Register.open(await asyncio.to_thread(empty_register, 0), ledger)
    assert await register.read(states) == ["closed"]
    requisition = await register.read(lambda session: session.scalars(select(tables.Requisition)).one())
    assert (requisition.requester, requisition.requested_by) == (None, "a.martin")
    await register.close()


FAULTS = st.sampled_from(["none", "none", "before", "after", "death before", "death after"])


@settings(max_examples=8)
@given(order=st.lists(st.tuples(st.integers(0, 2), FAULTS), max_size=12))
def test_register_follows_from_the_ledger_whatever_was_done_and_whenever_it_died(
    empty_register: EmptyRegister, order: list[tuple[int, str]]
) -> None:
    asyncio.run(play(empty_register(0), empty_register(1), order))


async def play(location: Location, fresh: Location, order: list[tuple[int, str]]) -> None:
    """Go on with one of three requisitions at a time, with a fault or without; then compare with what replay gives."""
    clock = SimClock()
    ledger = MemoryLedger(clock)
    register = await Register.open(location, ledger)
    await register.act(proposing(camera(clock)))
    lives = [story(clock, f"R-2026-{number:06d}")[1:] for number in range(3)]
    for life, fault in order:
        if not lives[life]:
            continue
        group = lives[life][0]
        fails = dies if fault.startswith("death") else does_not_answer
        if fault.endswith("before"):
            ledger.before = fails
        elif fault.endswith("after"):
            ledger.after = fails
        try:
            await register.act(proposing(*group))
        except (Died, Retryable):
            ledger.before = ledger.after = lambda: None
            if fault.startswith("death"):
                await register.close()
                register = await Register.open(location, ledger)
            else:
                await register.act(lambda _: [])  # ends the doubt
        if await register.read(partial(has, group=group)):
            lives[life].pop(0)
    await same_after_replay(fresh, register, ledger)


async def same_after_replay(fresh_location: Location, register: Register, ledger: MemoryLedger) -> None:
    done = await register.read(dump)
    await register.rebuild()
    assert await register.read(dump) == done
    await register.close()
    fresh = await Register.open(fresh_location, ledger)
    lost = await fresh.read(dump)
    await fresh.close()
    assert {table: len(rows) for table, rows in lost.items()} == {table: len(rows) for table, rows in done.items()}
    for before, after in zip(done["requisition"], lost["requisition"], strict=True):
        assert {**before, "requester": None, "authority": None} == after
    assert lost["grant"] == [{**grant, "checked": None} for grant in done["grant"]]


def has(session: Session, *, group: list[Proposal]) -> bool:
    """Whether the register has the group's last entry."""
    leaves = session.scalars(select(tables.Act.leaf).where(tables.Act.leaf.is_not(None)))
    wanted = group[-1].body
    return any(decode((leaf or "").encode()).body == wanted for leaf in leaves)
