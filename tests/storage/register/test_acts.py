from collections.abc import Sequence

import pytest

from nvr.base.clock import SimClock
from storage.register.acts import AnotherEntry
from storage.register.ports import StoredLeaf
from storage.register.register import Register
from tests.storage.register.keeper import MemoryLedger
from tests.storage.register.story import camera, proposing


async def test_ledger_that_answers_with_another_entry_is_not_believed(
    register: Register, ledger: MemoryLedger, clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register.act(proposing(camera(clock)))
    first = StoredLeaf(1, ledger.leaves[1])

    async def lie(entries: object) -> Sequence[StoredLeaf]:
        return [first]

    monkeypatch.setattr(ledger, "append", lie)
    with pytest.raises(AnotherEntry):
        await register.act(proposing(camera(clock, "cam-2")))
