from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nvr.base.clock import SimClock
from nvr.base.errors import InvalidValue, Refused, Retryable
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register
from tests.storage.register.keeper import MemoryLedger, does_not_answer
from tests.storage.register.story import camera, proposing, states, story


async def test_act_is_in_the_ledger_before_its_effect(
    register: Register, ledger: MemoryLedger, clock: SimClock
) -> None:
    (entry,) = await register.act(proposing(camera(clock)))
    found = await register.read(lambda session: session.get_one(tables.Camera, "cam-1").url)
    assert (entry.index, found) == (1, "rtsp://192.0.2.7/")
    assert b"192.0.2.7" not in b"".join(ledger.leaves)


async def test_refusal_by_the_check_leaves_no_trace(register: Register, ledger: MemoryLedger, clock: SimClock) -> None:
    def refuse(_: Session) -> Sequence[Proposal]:
        raise Refused("no")

    with pytest.raises(Refused):
        await register.act(refuse)
    assert len(ledger.leaves) == 1
    assert await register.read(lambda session: session.scalars(select(tables.Act)).all()) == []


async def test_refusal_by_the_ledger_changes_nothing(register: Register, ledger: MemoryLedger, clock: SimClock) -> None:
    def refuses() -> None:
        raise InvalidValue(field="camera.shard", value="", expected="less")

    ledger.before = refuses
    with pytest.raises(InvalidValue):
        await register.act(proposing(camera(clock)))
    assert await register.read(lambda session: session.scalars(select(tables.Act)).all()) == []


async def test_keeper_that_does_not_answer_refuses_the_act(
    register: Register, ledger: MemoryLedger, clock: SimClock
) -> None:
    ledger.before = does_not_answer
    with pytest.raises(Retryable):
        await register.act(proposing(camera(clock)))
    assert await register.read(lambda session: session.get(tables.Camera, "cam-1")) is None


async def test_lost_answer_is_settled_before_the_next_act(
    register: Register, ledger: MemoryLedger, clock: SimClock
) -> None:
    ledger.after = does_not_answer
    with pytest.raises(Retryable):
        await register.act(proposing(camera(clock)))
    ledger.after = lambda: None
    await register.act(proposing(camera(clock, "cam-2")))
    cameras = await register.read(lambda session: sorted(session.scalars(select(tables.Camera.camera))))
    assert cameras == ["cam-1", "cam-2"]
    assert len(ledger.leaves) == 3


async def test_lost_question_is_sent_again_before_the_next_act(
    register: Register, ledger: MemoryLedger, clock: SimClock
) -> None:
    ledger.before = does_not_answer
    with pytest.raises(Retryable):
        await register.act(proposing(camera(clock)))
    ledger.before = lambda: None
    entries = await register.act(proposing(camera(clock, "cam-2")))
    assert [entry.index for entry in entries] == [2]


async def test_lost_release_is_taken_from_the_ledger_and_not_written_twice(
    register: Register, ledger: MemoryLedger, clock: SimClock
) -> None:
    groups = story(clock)
    for group in groups[:3]:
        await register.act(proposing(*group))
    ledger.after = does_not_answer
    with pytest.raises(Retryable):
        await register.act(proposing(*groups[3]))
    ledger.after = lambda: None
    await register.act(proposing(camera(clock, "cam-2")))
    assert await register.read(states) == ["released"]
    assert sum(b'"t":"release"' in leaf for leaf in ledger.leaves) == 1
