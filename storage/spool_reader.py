"""Reading a spool: whole events in order, each verified; a torn tail is left alone.

Safe beside the writer: what is not whole yet is read the next time.
"""

import base64
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json
from storage.ledger.entries import RECORDER_TYPES
from storage.ledger.fields import Count, Instant, Part, Signature, Uuid7
from storage.spool import LENGTH, MOST_FRAME_BYTES, VERSION, signed_bytes

_PAGE: Final = 500
_NOT_AN_EVENT: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidSignature)
"""What the parsing of bytes that are none raises; pydantic's ValidationError is a ValueError."""


class SpoolDamaged(EvidenceAtRisk):
    """A spool holds something that its recorder did not write; `n` is the first event that can not be taken."""

    message_id = "spool-damaged"


class _Frame(Part):
    v: int
    boot: Uuid7
    shard: Count
    n: Count
    t: str
    ts_utc_us: Instant
    mono_us: Count
    sig: Signature


@dataclass(frozen=True, slots=True)
class SpoolEvent:
    """One verified event. `body` is as the recorder told it: a heartbeat's holds the whole state."""

    boot: str
    shard: int
    n: int
    t: str
    ts_utc_us: int
    mono_us: int
    sig: str
    body: dict[str, Json]


class SpoolReader:
    """One spool file, read from the front; it remembers how far it came."""

    def __init__(self, path: Path, *, skip: int = 0) -> None:
        """Begin with event number `skip`; the ones before it are only parsed, but for `boot`, which has the key."""
        self._path = path
        self._skip = skip
        self._offset = 0
        self._next = 0
        self._public: Ed25519PublicKey | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def read(self, limit: int = _PAGE) -> list[SpoolEvent]:
        """The next whole events, at most `limit`; none when there are no more for now.

        Raises:
            SpoolDamaged: a whole frame is not the next event of this boot, or is not signed by its key; the events
                before it were given first.
            OSError: the file could not be read.
        """
        events: list[SpoolEvent] = []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            while len(events) < limit:
                try:
                    event = self._next_event(file)
                except SpoolDamaged:
                    if not events:
                        raise
                    break
                if event is None:
                    break
                if event.n >= self._skip:
                    events.append(event)
                self._next += 1
                self._offset = file.tell()
        return events

    def _next_event(self, file: BinaryIO) -> SpoolEvent | None:
        data = self._next_frame(file)
        return None if data is None else self._event(data)

    def _next_frame(self, file: BinaryIO) -> bytes | None:
        head = file.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(head)
        if not 0 < length <= MOST_FRAME_BYTES:
            self._demand_torn(file, head)
            return None
        data = file.read(length)
        tail = file.read(LENGTH.size)
        if len(data) < length or len(tail) < LENGTH.size:
            return None
        if LENGTH.unpack(tail) != (zlib.crc32(data),):
            self._demand_torn(file, tail)
            return None
        return data

    def _demand_torn(self, file: BinaryIO, seen: bytes) -> None:
        # A power cut may leave the length of a file and not its last blocks, which are then zeros to its end.
        if any(seen) or any(file.read()):
            raise SpoolDamaged(file=self._path.name, n=self._next, why="a frame is not what was written")

    def _event(self, data: bytes) -> SpoolEvent:
        try:
            value = json.loads(data)
            body = value.pop("body")
            frame = _Frame.model_validate(value)
            event = SpoolEvent(**frame.model_dump(exclude={"v"}), body=body)
            if not isinstance(body, dict) or frame.v != VERSION or frame.t not in RECORDER_TYPES:
                raise ValueError("not an event of this version")
            if (event.n, event.boot, str(event.shard)) != (self._next, self._path.stem, self._path.parent.name):
                raise ValueError("not the next event of this boot and shard")
            self._verify(event, {**value, "body": body})
        except _NOT_AN_EVENT as error:
            why = "its signature does not fit" if isinstance(error, InvalidSignature) else type(error).__name__
            raise SpoolDamaged(file=self._path.name, n=self._next, why=why) from error
        return event

    def _verify(self, event: SpoolEvent, frame: dict[str, Json]) -> None:
        if event.n == 0:
            public = event.body.get("public")
            if event.t != "boot" or not isinstance(public, str):
                raise ValueError("the first event is not boot")
            self._public = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        if self._public is None:
            raise ValueError("no key")
        if event.n == 0 or event.n >= self._skip:
            self._public.verify(base64.b64decode(event.sig), signed_bytes(frame))
