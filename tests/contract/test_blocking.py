"""The guard against blocking calls is on: a rule that nobody runs is no rule."""

import asyncio
from pathlib import Path

import pytest
from blockbuster import BlockingError

from storage.durable import sync_directory


async def test_blocking_call_of_our_code_fails_on_the_event_loop(tmp_path: Path) -> None:
    with pytest.raises(BlockingError):
        sync_directory(tmp_path)


async def test_same_call_passes_in_a_thread(tmp_path: Path) -> None:
    await asyncio.to_thread(sync_directory, tmp_path)
