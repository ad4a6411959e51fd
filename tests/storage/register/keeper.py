"""A keeper in memory: real entries, and answers that can be lost at a named point."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nvr.base.clock import SimClock
from nvr.base.errors import Retryable
from nvr.base.jcs import Json
from storage.ledger import machine
from storage.ledger.entries import Actor, body_from, build, encode
from storage.ledger.machine import Body
from storage.register.ports import StoredLeaf


class Died(Exception):
    """The process that called ended at this point."""


class MemoryLedger:
    """Takes groups as the keeper does: whole or not at all, an act once.

    `before` and `after` run before and after a group is taken; what they raise is what the caller sees.
    """

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self.leaves: list[bytes] = []
        self._acts: dict[str, int] = {}
        self.before: Callable[[], None] = _nothing
        self.after: Callable[[], None] = _nothing
        self.append_machine(machine.Log(origin="ville.example/1", public=f"{'A' * 43}=", previous=None))

    def append_machine(self, body: Body) -> int:
        self.leaves.append(encode(build(body, ts_utc_us=self._clock.utc_us())))
        return len(self.leaves) - 1

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> Sequence[StoredLeaf]:
        self.before()
        answers = [self._take(dict(entry)) for entry in entries]
        self.after()
        return answers

    async def entries(self, from_index: int, limit: int) -> Sequence[StoredLeaf]:
        self.before()
        rows = self.leaves[from_index : from_index + limit]
        return [StoredLeaf(from_index + offset, leaf) for offset, leaf in enumerate(rows)]

    async def entry(self, index: int) -> bytes:
        return self.leaves[index]

    def _take(self, entry: dict[str, Any]) -> StoredLeaf:
        act = entry["act"]
        if act is not None and act in self._acts:
            return StoredLeaf(self._acts[act], self.leaves[self._acts[act]])
        body = body_from(entry["t"], entry["body"])
        actor = Actor(id=entry["actor"]["id"], role=entry["actor"]["role"])
        leaf = encode(build(body, ts_utc_us=self._clock.utc_us(), actor=actor, act=act))
        self.leaves.append(leaf)
        if act is not None:
            self._acts[act] = len(self.leaves) - 1
        return StoredLeaf(len(self.leaves) - 1, leaf)


def does_not_answer() -> None:
    raise Retryable("peer-gone")


def dies() -> None:
    raise Died


def _nothing() -> None:
    pass
