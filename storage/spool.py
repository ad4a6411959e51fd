"""The spool: what a recorder tells, durable without any database, until the keeper has it in the ledger.

One file per recorder process, `<directory>/<shard>/<boot>.spool`: frames of u32 little-endian length, JCS, u32 CRC-32
of the JCS. The first event is `boot`, with the public key that signs all of them (docs/design/processes.md). The
process holds flock(2) on it for life: whoever gets that lock knows that the process has ended, whatever the wall clock,
which boot ids follow, has done meanwhile.
"""

import base64
import fcntl
import hashlib
import os
import struct
import threading  # noqa: TID251 -- owns the writer thread and the counter that any thread may take a number from
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.bounded import BoundedQueue
from nvr.base.clock import Clock
from nvr.base.errors import Retryable
from nvr.base.ids import BootId
from nvr.base.jcs import Json, canonical
from storage import disk
from storage.durable import make_directory, sync_directory, write_all
from storage.ledger.entries import body_as_json
from storage.ledger.machine import Body, Boot

VERSION: Final = 1
LENGTH: Final = struct.Struct("<I")
MOST_FRAME_BYTES: Final = 16 << 20
RETRY_SECONDS: Final = 1.0
LAST_TRIES: Final = 3
"""So often a group is tried again after `close`, before the process ends without it."""

_GROUP: Final = 256


class SpoolStalled(Retryable):
    """The disk does not take the spool's events; they are kept in memory and tried again."""

    message_id = "spool-stalled"


@dataclass(frozen=True, slots=True)
class SpoolState:
    """Of a spool's writer: events that are not durable yet, and the last error of its disk."""

    pending: int
    failure: str | None


def signed_bytes(frame: Mapping[str, Json]) -> bytes:
    """What the boot's key signs of an event: the frame without `v` and `sig`, with a domain label.

    The ledger keeps only the hash of a heartbeat's state, so that the hash is what is signed.
    """
    body = frame["body"]
    if frame["t"] == "heartbeat" and isinstance(body, Mapping):
        body = {**body, "state": state_hash(body["state"])}
    names = ("boot", "shard", "n", "t", "ts_utc_us", "mono_us")
    return canonical({"d": "scelle/spool/1", "body": body, **{name: frame[name] for name in names}})


def state_hash(state: Json) -> str:
    """The name of a heartbeat's state blob: SHA-256, in hex, over its JCS bytes."""
    return hashlib.sha256(canonical(state)).hexdigest()


class SpoolWriter:
    """The spool of one recorder process; `event` may be called from any thread and never waits for the disk.

    A write or sync that fails is tried again every second, the whole group over the same bytes: what counted as
    durable before is not touched, and no event is dropped.
    """

    def __init__(
        self,
        directory: Path,
        shard: int,
        boot: BootId,
        clock: Clock,
        private_key: Ed25519PrivateKey,
        *,
        sw: str,
        shards: int = 1,
    ) -> None:
        """Create the file, with `boot` as its first event, and start the thread.

        Raises:
            OSError: the file could not be made.
            FileExistsError: this boot has a spool already.
        """
        self._shard = shard
        self._boot = boot
        self._clock = clock
        self._key = private_key
        self._queue: BoundedQueue[dict[str, Json] | threading.Event] = BoundedQueue(limit_bytes=1)
        self._numbering = threading.Lock()
        self._next = 0
        self._durable = 0
        self._failure: str | None = None
        self._crash: BaseException | None = None
        self._hurry = threading.Event()
        self._never = threading.Event()
        """What the last tries wait on: `close` has set the other one."""
        self._offset = 0
        make_directory(directory / str(shard))
        self._fd = _new_locked(directory / str(shard) / f"{boot}.spool")
        self._thread = threading.Thread(target=self._run, name=f"spool-{shard}")
        public = base64.b64encode(private_key.public_key().public_bytes_raw()).decode("ascii")
        self.tell(Boot(public=public, sw=sw, shards=shards, utc_us=clock.utc_us(), mono_us=clock.mono_us()))
        self._thread.start()

    def tell(self, body: Body) -> int:
        """Spool the body as an event of its type; its number."""
        return self.event(body.t, body_as_json(body))

    def event(self, t: str, body: Mapping[str, Json]) -> int:
        """Spool an event; its number. It is dated now, and durable when `wait_durable` returns.

        Raises:
            ValueError: the spool was closed.
        """
        if self._crash is not None:
            raise self._crash
        with self._numbering:
            n = self._next
            frame: dict[str, Json] = {
                "v": VERSION,
                "boot": self._boot,
                "shard": self._shard,
                "n": n,
                "t": t,
                "ts_utc_us": self._clock.utc_us(),
                "mono_us": self._clock.mono_us(),
                "body": body,
            }
            self._queue.insist(frame)
            self._next += 1
        return n

    def wait_durable(self, timeout_s: float = 10.0) -> None:
        """Block until every event told so far is on the disk.

        Raises:
            SpoolStalled: it took longer; the events are still tried.
        """
        reached = threading.Event()
        if self._crash is None:
            self._queue.insist(reached)
        if not reached.wait(timeout_s) or self._crash is not None:
            if self._crash is not None:
                raise self._crash
            raise SpoolStalled(shard=self._shard, why=self._failure)

    def close(self) -> None:
        """Write what waits, where the disk refuses with some attempts more, and end the thread.

        Raises:
            SpoolStalled: the last events could not be written.
        """
        self._queue.close()
        self._hurry.set()
        self._thread.join()
        os.close(self._fd)
        if self._crash is not None:
            raise self._crash
        if self._failure is not None:
            raise SpoolStalled(shard=self._shard, why=self._failure)

    def state(self) -> SpoolState:
        """Events that wait, and the disk's last error."""
        return SpoolState(pending=self._next - self._durable, failure=self._failure)

    def _run(self) -> None:
        group: list[dict[str, Json] | threading.Event] | None = []
        try:
            while (group := self._next_group()) is not None and self._write_group(group):
                pass
        except BaseException as error:  # noqa: BLE001 -- raised again in whoever uses the spool
            self._crash = error
            self._queue.close()
            for item in chain(group or [], iter(self._queue.take, None)):
                if isinstance(item, threading.Event):
                    item.set()

    def _next_group(self) -> list[dict[str, Json] | threading.Event] | None:
        first = self._queue.take()
        if first is None:
            return None
        group = [first]
        while len(group) < _GROUP and (item := self._queue.take(0)) is not None:
            group.append(item)
        return group

    def _write_group(self, group: list[dict[str, Json] | threading.Event]) -> bool:
        """Whether it was written; one that was given up is the last: events behind a hole would be a damaged spool."""
        frames = [self._framed(item) for item in group if isinstance(item, dict)]
        last_tries = LAST_TRIES
        while frames and not self._written(frames):
            if self._hurry.wait(RETRY_SECONDS):
                if not last_tries:
                    return False
                last_tries -= 1
                self._never.wait(RETRY_SECONDS)
        self._durable += len(frames)
        for item in group:
            if isinstance(item, threading.Event):
                item.set()
        return True

    def _written(self, frames: list[bytes]) -> bool:
        try:
            os.lseek(self._fd, self._offset, os.SEEK_SET)
            length = write_all(self._fd, frames)
            disk.fdatasync(self._fd)
        except OSError as error:
            self._failure = str(error)
            return False
        self._offset += length
        self._failure = None
        return True

    def _framed(self, frame: dict[str, Json]) -> bytes:
        signature = self._key.sign(signed_bytes(frame))
        data = canonical({**frame, "sig": base64.b64encode(signature).decode("ascii")})
        return LENGTH.pack(len(data)) + data + LENGTH.pack(zlib.crc32(data))


def lock_if_ended(path: Path) -> int | None:
    """A descriptor that locks the spool of a process that has ended; None while it lives, or without such a file.

    Closing the descriptor gives the lock back.
    """
    try:
        fd = disk.open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException as error:
        os.close(fd)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return fd


def _new_locked(path: Path) -> int:
    while True:
        fd = disk.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            made = os.fstat(fd).st_nlink > 0
            if made:
                sync_directory(path.parent)
        except BaseException:
            os.close(fd)
            raise
        if made:
            return fd
        os.close(fd)  # between making and locking it, the keeper took it for one that had ended
