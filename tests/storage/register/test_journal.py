from pathlib import Path

import pytest
from sqlalchemy import select

from nvr.base.clock import SimClock
from storage.register import tables
from storage.register.register import Register
from tests.storage.register.keeper import Died, MemoryLedger, dies
from tests.storage.register.story import dump, proposing, states, story


@pytest.mark.parametrize("step", range(7))
async def test_death_before_the_ledger_took_it_means_that_it_never_happened(
    path: Path, ledger: MemoryLedger, clock: SimClock, step: int
) -> None:
    groups = story(clock)
    register = await Register.open(path, ledger)
    for group in groups[:step]:
        await register.act(proposing(*group))
    before = await register.read(dump)
    ledger.before = dies
    with pytest.raises(Died):
        await register.act(proposing(*groups[step]))
    await register.close()
    ledger.before = lambda: None
    register = await Register.open(path, ledger)
    assert await register.read(dump) == before
    for group in groups[step:]:  # and it can be done again
        await register.act(proposing(*group))
    assert await register.read(states) == ["closed"]
    await register.close()


@pytest.mark.parametrize("step", range(7))
async def test_death_after_the_ledger_took_it_is_completed_at_the_next_start(
    path: Path, ledger: MemoryLedger, clock: SimClock, step: int
) -> None:
    groups = story(clock)
    register = await Register.open(path, ledger)
    for group in groups[:step]:
        await register.act(proposing(*group))
    ledger.after = dies
    with pytest.raises(Died):
        await register.act(proposing(*groups[step]))
    await register.close()
    ledger.after = lambda: None
    register = await Register.open(path, ledger)
    for group in groups[step + 1 :]:
        await register.act(proposing(*group))
    completed = await register.read(dump)
    await register.rebuild()
    assert await register.read(dump) == completed
    assert completed["requisition"][0]["state"] == "closed"
    assert completed["camera"][0]["url"] == "rtsp://192.0.2.7/"
    await register.close()


async def test_lost_register_comes_back_from_the_ledger_without_personal_values(
    tmp_path: Path, ledger: MemoryLedger, clock: SimClock
) -> None:
    register = await Register.open(tmp_path / "lost.db", ledger)
    for group in story(clock):
        await register.act(proposing(*group))
    await register.close()
    register = await Register.open(tmp_path / "new.db", ledger)
    assert await register.read(states) == ["closed"]
    requisition = await register.read(lambda session: session.scalars(select(tables.Requisition)).one())
    assert (requisition.requester, requisition.requested_by) == (None, "a.martin")
    await register.close()
