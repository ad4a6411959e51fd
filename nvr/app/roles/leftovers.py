"""What the boots before left growing on a shard's volumes, taken up beside recording.

A volume that can not be read is told and left for the next start; the others and recording go on.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

from nvr.app.roles.faults import Faults
from nvr.base.errors import EvidenceAtRisk
from storage.faults import Fault
from storage.growing import Damaged, Discarded, Found, Recovered, recover
from storage.keyring import KeyringReader
from storage.sealing import SealedSegment
from storage.volume import Volume

NOT_RECOVERED: Final = "footage-not-recovered"
DAMAGED: Final = "footage-damaged"
TORN: Final = "footage-torn"

LARGE_TORN_BYTES: Final = 16 << 20
"""A crash tears one record, a few MiB of it. More behind the last whole record may be footage behind a bad place."""

_log: Final = logging.getLogger(__name__)


class Leftovers:
    """Lists the files when it is made, before anything new grows there; `take_up` recovers them one by one."""

    def __init__(self, volumes: Sequence[Volume], shard: int, keyring: KeyringReader, faults: Faults) -> None:
        self._faults = faults
        self._files = [self._listed(volume, recover(volume, shard, keyring)) for volume in volumes]

    def take_up(self, sealed: Callable[[SealedSegment], None]) -> None:
        """Recover what there is; `sealed` is told each segment. Blocking."""
        for found in chain.from_iterable(self._files):
            match found:
                case Recovered(segment, torn_bytes):
                    self._tell_torn(segment, torn_bytes)
                    sealed(segment)
                case Discarded(path, file_bytes, what):
                    _log.warning("removed %s of %d bytes: %s", path.name, file_bytes, what)
                case Damaged(path, file_bytes, what):
                    told = f"{file_bytes} bytes left as they are: {what}"
                    self._faults.tell(DAMAGED, path, Fault.told(told, "segment-left", bytes=file_bytes, why=what))

    def _listed(self, volume: Volume, files: Iterator[Found]) -> Iterator[Found]:
        self._faults.over(NOT_RECOVERED, volume.path)
        # `recover` reads the names as its first file is asked for: now.
        first = self._next(volume, files)
        return iter(()) if first is None else chain([first], self._rest(volume, files))

    def _rest(self, volume: Volume, files: Iterator[Found]) -> Iterator[Found]:
        while (found := self._next(volume, files)) is not None:
            yield found

    def _next(self, volume: Volume, files: Iterator[Found]) -> Found | None:
        try:
            return next(files, None)
        except (EvidenceAtRisk, OSError) as error:
            self._faults.tell(NOT_RECOVERED, volume.path, error)
            return None

    def _tell_torn(self, segment: SealedSegment, torn_bytes: int) -> None:
        _log.info("recovered %s, %d torn bytes behind it", segment.segment, torn_bytes)
        if torn_bytes > LARGE_TORN_BYTES:
            told = f"{torn_bytes} bytes behind its last whole record"
            self._faults.tell(TORN, segment.segment, Fault.told(told, "segment-torn", bytes=torn_bytes))


class Recovery:
    """Takes up one volume's leftovers after the other, beside recording: many at once would only be in its way.

    The event loop owns it.
    """

    def __init__(self, sealed: Callable[[SealedSegment], None]) -> None:
        """`sealed` is told each segment, in a thread."""
        self._sealed = sealed
        self._waiting: deque[Leftovers] = deque()
        self._changed = asyncio.Event()
        self._ends = False

    def add(self, leftovers: Leftovers) -> None:
        """These come next."""
        self._waiting.append(leftovers)
        self._changed.set()

    def end(self) -> None:
        """What waits is taken up, and then no more."""
        self._ends = True
        self._changed.set()

    async def run(self) -> None:
        """Until `end`."""
        while self._waiting or not self._ends:
            self._changed.clear()
            while self._waiting:
                await asyncio.to_thread(self._waiting.popleft().take_up, self._sealed)
            if not self._ends:
                await self._changed.wait()
