"""What the tests of checks share: files that are changed, and a check from its beginning to its end."""

import asyncio
from collections.abc import Callable
from typing import Any

from storage.inspection import Depth
from storage.keeping.check_mark import Request
from storage.reconcile import Scope
from storage.sealing import SealedSegment
from tests.storage.keeping.town import Town


async def bent(town: Town, segment: SealedSegment, change: Callable[[bytes], bytes]) -> bytes:
    """Change the file; its bytes before."""
    path = town.path(segment)
    before = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, change(before))
    return before


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] if at >= 0 else _end(content, at)


def _end(content: bytes, at: int) -> bytes:
    return flipped(len(content) + at)(content)


async def check(town: Town, depth: Depth = Depth.HASH, scope: Scope | None = None) -> list[tuple[str, str | None]]:
    """Run one; kind and segment of each finding."""
    await town.keeper.checking.begin(Request(depth, scope or Scope()), None)
    await town.keeper.check_turn()
    assert state(town)["state"] == "done"
    return [(finding["kind"], finding["segment"]) for finding in state(town)["findings"]]


def state(town: Town) -> dict[str, Any]:
    """How the check stands."""
    found = town.keeper.checking.state
    assert found is not None
    return found


def scrub(town: Town) -> dict[str, Any]:
    """How the keeper's own check stands."""
    found = town.keeper.checking.scrub
    assert found is not None
    return found
