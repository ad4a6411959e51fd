"""The copies of register and ledger agree, whatever is written while they are made."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage.backup.age import decrypt
from storage.backup.databases import RegisterState, copy_register
from storage.backup.manifest import LEDGER
from storage.ledger.reader import LedgerReader
from tests.storage.backup.system import System, account


async def test_act_that_comes_while_the_ledger_is_copied_is_left_out_with_all_behind_it(system: System) -> None:
    before = await system.town.keeper.ledger.size()
    loop = asyncio.get_running_loop()

    async def meanwhile() -> None:
        await system.town.tell(await asyncio.to_thread(system.town.record, 1))
        register = await system.register()
        await register.act(lambda _: [account("late")])
        await register.close()

    def copy(target: Path) -> RegisterState:
        state = copy_register(system.layout.settings.paths.register, target)
        asyncio.run_coroutine_threadsafe(meanwhile(), loop).result()
        return state

    made = await asyncio.to_thread(system.backup, copy)
    clear = system.medium / "clear"
    await asyncio.to_thread(decrypt, made.path / LEDGER, clear, system.identities)
    kept = await asyncio.to_thread(entries_of, clear, system)
    # What the machine told before the act is there, the act is not: its personal values would be lost.
    assert [entry["t"] for entry in kept[before:]] == ["boot", "seal"]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await asyncio.to_thread(lambda: sqlite3.connect(clear).execute("DELETE FROM entry"))


def entries_of(ledger: Path, system: System) -> list[dict[str, Any]]:
    reader = LedgerReader(ledger)
    try:
        assert reader.verify(system.public()) is not None
        return [json.loads(leaf) for _, leaf in reader.entries(0, 1000)]
    finally:
        reader.close()
