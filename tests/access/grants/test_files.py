import asyncio

import pytest

from access.release import handed_out
from storage.keyring import KeyRef
from storage.vault.unseal import NotReleased
from tests.access.opened import Opened
from tests.storage.sealed import custodians


async def test_tool_gets_the_proof_from_the_checkpoint_that_it_saw_last(opened: Opened) -> None:
    await opened.grant(first=0, last=3)
    second = await opened.grant(first=3, last=6)  # the tools demand consistency: they remember
    assert (await opened.open(second)).grant.open_index is not None


async def test_lost_memory_of_what_tools_saw_is_made_good_by_naming_the_size(opened: Opened) -> None:
    await opened.grant(first=0, last=3)
    await asyncio.to_thread((opened.world.directory / "grants" / "seen.json").unlink)
    made = await opened.validate(await opened.ask(first=3, last=6))
    last = opened.tools[0].last
    assert last is not None
    file = await opened.file(made["grant"], from_sizes=[last.size])
    assert opened.tools[0].answer(file, opened.world.clock.utc_us())["kind"] == "shares"


async def test_machine_part_of_what_is_not_released_stays_where_it_is(opened: Opened) -> None:
    start = opened.starts[0]
    record = await asyncio.to_thread(opened.recorder.keys.find, KeyRef(start.segment, start.start_utc_us, 0))
    assert record is not None
    with pytest.raises(NotReleased):
        handed_out(custodians().machine, [record], released=(), custodians=custodians().set, grant_hash=bytes(32))
