"""The keeper as access needs it (`access.ports.LedgerPort`), over its socket or in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, Protocol

from access.ports import Consistency, Inclusion
from nvr.base.errors import NvrError
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.wire import Handler
from storage.register.ports import StoredLeaf
from storage.snapshot import CameraEntry

ROTATE_DEADLINE_S: Final = 180.0
"""Every recorder closes its segments, and the ledger takes them in."""

READ_DEADLINE_S: Final = 120.0
"""Up to 8 MiB of entries."""


class Caller(Protocol):
    """What runs a call by name: `nvr.base.wire.Client`, or handlers in this process."""

    async def call(
        self, name: str, args: Mapping[str, object] | None = None, *, deadline_s: float | None = None
    ) -> Any:  # noqa: ANN401 -- JSON
        """The answer, by the deadline if one is given or usual. Raises NvrError."""
        ...


class LocalCaller:
    """Runs the handlers in this process: for `nvr-admin init`, before any role runs."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    async def call(
        self,
        name: str,
        args: Mapping[str, object] | None = None,
        *,
        deadline_s: float | None = None,  # noqa: ARG002 -- what runs here is waited for
    ) -> Any:  # noqa: ANN401 -- JSON
        """The answer. Raises NvrError."""
        if name not in self._handlers:
            raise NvrError("wire-unknown-call", call=name)
        return await self._handlers[name](dict(args or {}))


class KeeperClient:
    """The calls of the keeper's socket, typed. Every call raises Retryable when the keeper does not answer."""

    def __init__(self, keeper: Caller) -> None:
        self.caller = keeper

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> list[StoredLeaf]:
        """Append a group, whole or not at all."""
        return _leaves(await self.caller.call("append", {"entries": list(entries)}))

    async def find_act(self, act: str) -> int | None:
        """The index of an act, if it is in the ledger."""
        index: int | None = await self.caller.call("find_act", {"act": act})
        return index

    async def entry(self, index: int) -> bytes:
        """The exact bytes of an entry."""
        return bytes(str(await self.caller.call("entry", {"index": index})), "utf-8")

    async def entries(self, from_index: int, limit: int) -> list[StoredLeaf]:
        """At most `limit` entries from this index on."""
        return _leaves(
            await self.caller.call("entries", {"from": from_index, "limit": limit}, deadline_s=READ_DEADLINE_S)
        )

    async def proof(self, index: int, size: int | None = None) -> Inclusion:
        """The inclusion proof of an entry, in the tree of `size` or of the newest checkpoint."""
        answer = await self.caller.call("proof", {"index": index, "size": size})
        return Inclusion(answer["checkpoint"], answer["index"], _path(answer))

    async def consistency(self, from_size: int, to_size: int | None = None) -> Consistency:
        """The consistency proof from the tree of `from_size` entries."""
        answer = await self.caller.call("consistency", {"from_size": from_size, "to_size": to_size})
        return Consistency(answer["checkpoint"], _path(answer))

    async def rotate(self, cameras: Sequence[CameraId]) -> list[SegmentId]:
        """Have the recorders close these cameras' segments; those sealed since, once the ledger has them."""
        sealed = await self.caller.call("rotate", {"cameras": list(cameras)}, deadline_s=ROTATE_DEADLINE_S)
        return [SegmentId(segment) for segment in sealed]

    async def forecast(self) -> Json:
        """When disks will run short (`storage.forecast.Forecast`), null before the keeper has looked.

        With it `copies`, how second copies stand (`storage.keeping.copies_status.CopiesStatus`).
        """
        status: dict[str, Any] = await self.caller.call("status")
        forecast: Json = None if status["forecast"] is None else {**status["forecast"], "copies": status["copies"]}
        return forecast

    async def broken(self) -> Mapping[str, Json] | None:
        """What has to be declared before the ledger goes on; None: nothing."""
        broken: Mapping[str, Json] | None = (await self.caller.call("status"))["broken"]
        return broken

    async def publish(self, cameras: Sequence[CameraEntry]) -> int:
        """Publish a new camera snapshot; the size of the ledger that it names."""
        return int(await self.caller.call("publish", {"cameras": [asdict(camera) for camera in cameras]}))


def _leaves(answer: Sequence[Mapping[str, Any]]) -> list[StoredLeaf]:
    return [StoredLeaf(item["index"], item["leaf"].encode()) for item in answer]


def _path(answer: Mapping[str, Any]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(sibling) for sibling in answer["path"])
