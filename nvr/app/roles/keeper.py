"""The keeper: ledger, index, retention; the one that destroys (docs/design/processes.md "Start and stop")."""

import asyncio
import fcntl
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.model import Settings
from nvr.app.keeper_calls import keeper_handlers
from nvr.app.keeper_settings import keeper_settings
from nvr.app.peers import role_uids, watch_uids
from nvr.app.process import main
from nvr.app.shards import recorder_sockets
from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import ConfigError, Retryable
from nvr.base.ids import CameraId, SegmentId
from nvr.base.stop import Stop
from nvr.base.wire import Client, Server
from recorder.server_clock import kernel_is_synchronised
from storage.database_faults import DatabaseInUse
from storage.index.database import IndexUnavailable
from storage.keeping.keeper import Keeper, Rotate
from storage.ledger.machine import ClockSync
from storage.pacing import pause

_RETRY_S: Final = 1.0
_log: Final = logging.getLogger(__name__)


async def run(settings: Settings, _shard: int, stop: Stop, ready: Callable[[], None]) -> None:
    """Keep until the stop; what the recorders said while they stopped is taken in at the end.

    Raises:
        ConfigError: there is no ledger, another keeper has it, or something is of another version.
        EvidenceAtRisk: the ledger is not what was signed.
    """
    with only_keeper(settings.paths.ledger):
        keeper = await started(settings, SystemClock(), stop)
        if keeper is None:
            return
        try:
            handlers = keeper_handlers(keeper, recorders(settings))
            callers, asking = await asyncio.to_thread(role_uids), await asyncio.to_thread(watch_uids)
            async with Server(settings.paths.keeper_socket, handlers, allowed_uids=callers, asking_uids=asking):
                ready()
                await keeper.run(stop)
        finally:
            await keeper.close()


async def started(settings: Settings, clock: Clock, stop: Stop) -> Keeper | None:
    """The keeper, as soon as it can have its index; None when the stop comes first. Spools grow meanwhile."""
    told = False
    while not stop.is_set():
        keeper = Keeper(keeper_settings(settings), clock, sync=_sync)
        try:
            await keeper.start()
            return keeper
        except (IndexUnavailable, DatabaseInUse) as error:
            await keeper.close()
            if not told:
                _log.warning("waiting for the index: %s", error)
                told = True
            await pause(clock, stop, _RETRY_S)
        except BaseException:
            await keeper.close()
            raise
    return None


def recorders(settings: Settings) -> Rotate:
    """How the keeper asks every recorder for a rotation; one that does not run has nothing that it could close."""

    async def rotate(cameras: Sequence[CameraId]) -> Sequence[SegmentId]:
        sockets = await asyncio.to_thread(recorder_sockets, settings)
        answers = await asyncio.gather(*(_rotate(socket, cameras) for socket in sockets.values()))
        return [segment for answer in answers for segment in answer]

    return rotate


async def _rotate(socket: Path, cameras: Sequence[CameraId]) -> list[SegmentId]:
    async with Client(socket) as recorder:
        try:
            return [SegmentId(segment) for segment in await recorder.call("rotate", {"cameras": list(cameras)})]
        except Retryable as error:
            _log.warning("no rotation: %s", error)
            return []


def _sync() -> ClockSync:
    return "synchronised" if kernel_is_synchronised() else "unsynchronised"


@contextmanager
def only_keeper(ledger: Path) -> Iterator[None]:
    """Be the only keeper of this ledger. Raises ConfigError: there is none, or another keeper has it."""
    try:
        lock = (ledger / "lock").open("w")
    except OSError as error:
        raise ConfigError(file=str(ledger), why="there is no ledger here: `nvr-admin init` makes one") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(file=str(ledger), why="another keeper has this ledger") from error
        yield


if __name__ == "__main__":
    raise SystemExit(main("keeper", run, holds_keys=True))
