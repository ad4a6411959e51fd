"""The fixed binary structures of a keyring file (docs/design/keys.md "The keyring"). Pure; little-endian."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from nvr.base.errors import EvidenceAtRisk
from nvr.base.ids import SegmentId
from nvr.base.units import UtcUs

FILE_MAGIC: Final = b"SVKEY\x00\x01\n"
SLOT_MAGIC: Final = b"SLOT"
FILE_HEAD_BYTES: Final = 64
FIRST_SLOT: Final = 4096
"""Where slot 0 begins; slots are a multiple of this long."""
SLOT_HEAD_BYTES: Final = 32

_CRC: Final = struct.Struct("<I")
_FILE_HEAD: Final = struct.Struct(
    "<"
    "8s"  # magic; the byte before the newline is the version
    "I"  # slot_bytes
    "I"  # shard
    "8s"  # day, YYYYMMDD in UTC
    "32s"  # hash of the custodian set
)
_SLOT_HEAD: Final = struct.Struct(
    "<"
    "4s"  # magic
    "B"  # state
    "B"  # 0
    "H"  # 0
    "I"  # length of the payload
    "I"  # crc32 of seg || payload
    "16s"  # seg: the UUID
)


class KeyringDamaged(EvidenceAtRisk):
    """A keyring file is not one, or its head is not what was written; `file` names it."""

    message_id = "keyring-damaged"


class SlotState(IntEnum):
    """What became of a slot."""

    LIVE = 1
    """Holds a key record."""
    SHREDDED = 2
    """A tombstone: the key record was destroyed, and must never come back from another copy."""


_STATES: Final = {int(state): state for state in SlotState}


@dataclass(frozen=True, slots=True)
class KeyRef:
    """Where a segment's key record is looked for: the file is known from start and shard."""

    segment: SegmentId
    start_utc_us: UtcUs
    shard: int


@dataclass(frozen=True, slots=True)
class FileHead:
    """What all slots of a file have in common."""

    slot_bytes: int
    shard: int
    day: str
    set_hash: bytes

    def pack(self) -> bytes:
        """Everything before the first slot."""
        fixed = _FILE_HEAD.pack(FILE_MAGIC, self.slot_bytes, self.shard, self.day.encode("ascii"), self.set_hash)
        return (fixed + _CRC.pack(zlib.crc32(fixed))).ljust(FIRST_SLOT, b"\x00")

    @classmethod
    def parse(cls, data: bytes, *, file: str) -> "FileHead":
        """The head in the first 64 bytes of a file.

        Raises:
            KeyringDamaged: it is none, or of another version.
        """
        fixed, crc = data[: _FILE_HEAD.size], data[_FILE_HEAD.size : _FILE_HEAD.size + _CRC.size]
        if not fixed.startswith(FILE_MAGIC) or crc != _CRC.pack(zlib.crc32(fixed)):
            raise KeyringDamaged(file=file, what="head")
        _, slot_bytes, shard, day, set_hash = _FILE_HEAD.unpack(fixed)
        if slot_bytes == 0 or slot_bytes % FIRST_SLOT or not day.isdigit():
            raise KeyringDamaged(file=file, what="head")
        return cls(slot_bytes, shard, day.decode("ascii"), set_hash)

    @property
    def name(self) -> str:
        """The file's path within a place."""
        return f"{self.shard}/{self.day}-{self.set_hash.hex()[:8]}.keys"


@dataclass(frozen=True, slots=True)
class SlotHead:
    """The first 32 bytes of a slot, nothing of its payload looked at."""

    state: SlotState
    length: int
    crc: int
    segment: SegmentId

    @classmethod
    def parse(cls, data: bytes) -> "SlotHead | None":
        """The slot head in these bytes; None when a crash tore it."""
        if len(data) != SLOT_HEAD_BYTES or not data.startswith(SLOT_MAGIC):
            return None
        _, state, _, _, length, crc, seg = _SLOT_HEAD.unpack(data)
        known = _STATES.get(state)
        if known is None:
            return None
        return cls(known, length, crc, SegmentId(seg.hex()))

    def fits(self, payload: bytes) -> bool:
        """Whether this is the slot's payload, whole."""
        return len(payload) == self.length and self.crc == _crc(self.segment, payload)


def pack_slot(segment: SegmentId, payload: bytes, slot_bytes: int) -> bytes:
    """A live slot.

    Raises:
        ValueError: the payload does not fit.
    """
    return _pack(SlotState.LIVE, segment, payload, slot_bytes)


def pack_tombstone(segment: SegmentId, slot_bytes: int) -> bytes:
    """A shredded slot: nothing but the segment's id, and zeros to its end."""
    return _pack(SlotState.SHREDDED, segment, b"", slot_bytes)


def slot_bytes_for(wraps: int, seats: int) -> int:
    """The slot size that holds every key record of a set with so many wrapped shares."""
    wrapped = 1680  # base64 of 1,169 bytes, key id, names of the fields
    needed = SLOT_HEAD_BYTES + 640 + wrapped * (wraps + 1) + 80 * seats
    return -(-needed // FIRST_SLOT) * FIRST_SLOT


def _pack(state: SlotState, segment: SegmentId, payload: bytes, slot_bytes: int) -> bytes:
    if SLOT_HEAD_BYTES + len(payload) > slot_bytes:
        raise ValueError("a key record is longer than its slot")
    head = _SLOT_HEAD.pack(SLOT_MAGIC, state, 0, 0, len(payload), _crc(segment, payload), bytes.fromhex(segment))
    return (head + payload).ljust(slot_bytes, b"\x00")


def _crc(segment: SegmentId, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(bytes.fromhex(segment)))
