"""The fixed binary structures of SVS1 (docs/design/svs1.md "Layout"). Pure; all integers little-endian."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from nvr.base.errors import EvidenceAtRisk
from nvr.base.units import UtcUs
from storage.records import RandomAccess

MAGIC: Final = b"SVSEG\x00\x01\n"
"""Begins every file; the byte before the newline is the major version."""
RECORD_MAGIC: Final = b"SREC"
FOOTER_MAGIC: Final = b"SEND"

HASH_BYTES: Final = 32
TAG_BYTES: Final = 16
"""AES-GCM's tag (NIST SP 800-38D section 5.2.1.2)."""
HEAD_BYTES: Final = 128
FOOTER_BYTES: Final = 56
ENTRY_BYTES: Final = 40
SLICE_LENGTH_BYTES: Final = 4
TABLE_ROW_BYTES: Final = 8
"""One row of the packet table: i32 pts_delta_90k, u32 flags."""
MAX_HEADER_JSON_BYTES: Final = 65_535
MAX_CIPHERTEXT_BYTES: Final = 64 << 20

_UNKNOWN_OFFSET_US: Final = -(2**63)
_NO_TIME: Final = UtcUs(0)
_MAX_TICKS: Final = 2**53 * 9 // 100
_CRC: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct(
    "<"
    "4s"  # magic
    "B"  # type
    "B"  # kind of random access point
    "H"  # flags
    "Q"  # seq
    "q"  # pts_90k of the first access unit
    "q"  # start_utc_us
    "q"  # offset_us: camera clock less server clock
    "I"  # dur_90k
    "I"  # clock_epoch
    "I"  # lost RTP packets
    "I"  # packet_count
    "I"  # slice_count
    "I"  # ct_len
    "60x"  # spare
)
_FOOTER: Final = struct.Struct(
    "<"
    "Q"  # offset of the index
    "Q"  # records before the index
    "32s"  # root
)
_ENTRY: Final = struct.Struct(
    "<"
    "Q"  # offset of the record's head
    "32s"  # inner root
)


class SegmentDamaged(EvidenceAtRisk):
    """A sealed file is not what was written; `file`, `offset` (bytes from its beginning) and `what` say where."""

    message_id = "segment-damaged"

    def __init__(self, *, file: str, offset: int, what: str) -> None:
        super().__init__(file=file, offset=offset, what=what)
        self.offset = offset
        self.what = what


class SegmentUnreadable(SegmentDamaged):
    """The disk did not give the bytes; what they are is unknown."""

    message_id = "segment-unreadable"


class RecordType(IntEnum):
    """What a record holds."""

    INIT = 0
    """How to decode the others."""
    GOP = 1
    """Access units, and the table of their times."""
    SIDE = 2
    """Observations that belong to the pictures."""
    INDEX = 0x7F
    """Not sealed: where the others begin."""


class Flags(IntFlag):
    """What a record's head says of its making."""

    NONE = 0
    CONTINUATION = 1
    """Goes on with the group of pictures of the record before it."""
    LOSS = 2
    """Packets are missing inside."""
    UNSYNCHRONISED = 4
    """The server's clock was not disciplined."""
    OBSERVED = 8
    """The record right before is a side record with what was observed during this group of pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHead:
    """The 128 bytes before each record; times as in `storage.records.Record`."""

    type: RecordType
    seq: int
    ct_len: int
    """Bytes of ciphertext, without the tag."""
    slice_count: int
    start_utc_us: UtcUs = _NO_TIME
    random_access: RandomAccess = RandomAccess.NONE
    flags: Flags = Flags.NONE
    pts_90k: int = 0
    dur_90k: int = 0
    offset_us: int | None = None
    """Camera clock less server clock; None when unknown."""
    clock_epoch: int = 0
    lost: int = 0
    packet_count: int = 0

    @property
    def end_utc_us(self) -> UtcUs:
        """The end of the last access unit, rounded up, so that no part of it counts as outside."""
        return UtcUs(self.start_utc_us - (-self.dur_90k * 100 // 9))

    @property
    def body_bytes(self) -> int:
        """Everything of the record behind its head: rkc, slice lengths, ciphertext, tag, inner root."""
        lengths = SLICE_LENGTH_BYTES * self.slice_count
        return HASH_BYTES + lengths + self.ct_len + TAG_BYTES + HASH_BYTES

    def pack(self) -> bytes:
        """The 128 bytes, with their CRC."""
        fixed = _HEAD.pack(
            RECORD_MAGIC,
            self.type,
            self.random_access,
            self.flags,
            self.seq,
            self.pts_90k,
            self.start_utc_us,
            _UNKNOWN_OFFSET_US if self.offset_us is None else self.offset_us,
            self.dur_90k,
            self.clock_epoch,
            self.lost,
            self.packet_count,
            self.slice_count,
            self.ct_len,
        )
        return fixed + _CRC.pack(zlib.crc32(fixed))

    @classmethod
    def parse(cls, data: bytes, *, file: str, offset: int) -> "RecordHead":
        """The head in these bytes, which stand at `offset` of the file.

        Raises:
            SegmentDamaged: too short, another magic, a wrong CRC, or values that no writer makes.
        """
        _demand(len(data) == HEAD_BYTES, file, offset, "head cut short")
        _demand(data.startswith(RECORD_MAGIC), file, offset, "no record begins here")
        _demand(_crc_holds(data), file, offset, "CRC of the head")
        _, kind, rap, flags, seq, pts_90k, start, off, dur, epoch, lost, packets, slices, ct_len = _HEAD.unpack(
            data[: _HEAD.size]
        )
        try:
            head = cls(
                type=RecordType(kind),
                seq=seq,
                ct_len=ct_len,
                slice_count=slices,
                start_utc_us=UtcUs(start),
                random_access=RandomAccess(rap),
                flags=Flags(flags),
                pts_90k=pts_90k,
                dur_90k=dur,
                offset_us=None if off == _UNKNOWN_OFFSET_US else off,
                clock_epoch=epoch,
                lost=lost,
                packet_count=packets,
            )
        except ValueError as error:
            raise SegmentDamaged(file=file, offset=offset, what="unknown type in the head") from error
        _demand(head.is_sound(), file, offset, "impossible sizes or times in the head")
        return head

    def is_sound(self) -> bool:
        """Whether the sizes agree with each other and the times stay within what JSON keeps exactly."""
        if not (0 <= self.start_utc_us < 2**53 - 2**32 * 100 // 9 and abs(self.pts_90k) < _MAX_TICKS):
            return False
        if self.type is RecordType.INDEX:
            return self.ct_len == ENTRY_BYTES * self.seq
        if self.type is RecordType.GOP:
            sizes_agree = self.slice_count == self.packet_count + 1
            return sizes_agree and self.ct_len <= MAX_CIPHERTEXT_BYTES
        return self.packet_count == 0 and self.slice_count == 1 and self.ct_len <= MAX_CIPHERTEXT_BYTES


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Where a record's head stands in the file, and the record's inner root."""

    offset: int
    inner: bytes

    def pack(self) -> bytes:
        """The 40 bytes."""
        return _ENTRY.pack(self.offset, self.inner)


def parse_entries(data: bytes) -> list[IndexEntry]:
    """The entries in these bytes, a multiple of 40."""
    return [IndexEntry(offset, inner) for offset, inner in _ENTRY.iter_unpack(data)]


@dataclass(frozen=True, slots=True)
class Footer:
    """The last 56 bytes of a closed file."""

    index_offset: int
    count: int
    root: bytes

    def pack(self) -> bytes:
        """The 56 bytes, with their CRC."""
        fields = _FOOTER.pack(self.index_offset, self.count, self.root)
        return FOOTER_MAGIC + _CRC.pack(zlib.crc32(fields)) + fields

    @classmethod
    def parse(cls, data: bytes) -> "Footer | None":
        """The footer in these bytes; None when they are no whole footer."""
        if len(data) != FOOTER_BYTES or not data.startswith(FOOTER_MAGIC):
            return None
        fields = data[len(FOOTER_MAGIC) + _CRC.size :]
        if _CRC.pack(zlib.crc32(fields)) != data[len(FOOTER_MAGIC) : len(FOOTER_MAGIC) + _CRC.size]:
            return None
        return cls(*_FOOTER.unpack(fields))


def cut(data: memoryview, lengths: Sequence[int]) -> list[memoryview]:
    """The slices of these lengths, back to back from the beginning."""
    slices, at = [], 0
    for length in lengths:
        slices.append(data[at : at + length])
        at += length
    return slices


def pack_lengths(lengths: Sequence[int]) -> bytes:
    """The slice lengths as they stand in the file."""
    return struct.pack(f"<{len(lengths)}I", *lengths)


def parse_lengths(data: bytes) -> tuple[int, ...]:
    """The slice lengths in these bytes, a multiple of 4."""
    return struct.unpack(f"<{len(data) // SLICE_LENGTH_BYTES}I", data)


def pack_table(pts_deltas_90k: Sequence[int]) -> bytes:
    """The packet table of a GOP: i32 pts_delta_90k and u32 flags (0) for each access unit."""
    rows = [0] * (2 * len(pts_deltas_90k))
    rows[::2] = pts_deltas_90k
    return struct.pack(f"<{len(rows)}i", *rows)


def parse_table(data: bytes) -> tuple[int, ...]:
    """The pts_delta_90k of each access unit; the flags are not looked at."""
    return struct.unpack(f"<{len(data) // 4}i", data)[::2]


def _crc_holds(head: bytes) -> bool:
    return _CRC.pack(zlib.crc32(head[: _HEAD.size])) == head[_HEAD.size :]


def _demand(condition: bool, file: str, offset: int, what: str) -> None:  # noqa: FBT001 -- reads as a sentence
    if not condition:
        raise SegmentDamaged(file=file, offset=offset, what=what)
