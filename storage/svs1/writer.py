"""Sealing: records in clear become parts to be written with one `writev` (docs/design/svs1.md). No I/O."""

import base64
from dataclasses import dataclass, replace
from typing import TypeAlias

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nvr.base.jcs import canonical
from nvr.base.units import UtcUs
from storage.records import CodecConfig, Record
from storage.svs1.contexts import NONCE, Bytes, commitment, inner_root, record_key, record_key_commitment
from storage.svs1.header import Header
from storage.svs1.layout import (
    HASH_BYTES,
    MAX_CIPHERTEXT_BYTES,
    TAG_BYTES,
    Flags,
    Footer,
    IndexEntry,
    RecordHead,
    RecordType,
    cut,
    pack_lengths,
    pack_table,
)
from storage.svs1.root import GrowingRoot

Parts: TypeAlias = list[Bytes]


class Scratch:
    """A buffer for ciphertext that lives as long as the volume's writer; it grows and never shrinks."""

    def __init__(self, size: int = 1 << 20) -> None:
        self._buffer = bytearray(size)

    def view(self, size: int) -> memoryview:
        """The first `size` bytes; whatever the last caller left there is overwritten."""
        if size > len(self._buffer):
            self._buffer = bytearray(size + size // 4)
        return memoryview(self._buffer)[:size]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record ready to be written; `parts` are good until the next record is sealed with the same scratch.

    `side` is the side record that belongs to it: written right before it, and counted with it or not at all.
    """

    head: RecordHead
    inner: bytes
    parts: Parts
    size: int
    side: "Sealed | None" = None

    @property
    def all_parts(self) -> Parts:
        """What is to be written, in one go."""
        return self.parts if self.side is None else [*self.side.parts, *self.parts]

    @property
    def all_bytes(self) -> int:
        """How much that is."""
        return self.size if self.side is None else self.side.size + self.size


class SegmentWriter:
    """Builds one segment front to back.

    Order of calls: `opening`, then for each record `seal` and, once its parts are in the file, `written`; at the
    end `closing`. A record that could not be written is simply not told with `written`: it takes no part in the root.
    The caller keeps `dek` and wipes it; it is not copied here.
    """

    def __init__(self, header: Header, dek: bytearray, codec: CodecConfig, scratch: Scratch) -> None:
        self.header = header
        self.hh = header.hh
        self._dek = dek
        self._scratch = scratch
        self._commit = commitment(dek, self.hh)
        self._codec = codec
        self._entries: list[IndexEntry] = []
        self._root = GrowingRoot()
        self._root.append(self.hh + self._commit)
        self._offset = 0

    @property
    def offset(self) -> int:
        """Bytes of the file up to the end of the last record that was written."""
        return self._offset

    @property
    def count(self) -> int:
        """Records written, the init record among them."""
        return len(self._entries)

    def root(self) -> bytes:
        """The segment's root over the records written so far."""
        return self._root.root()

    def opening(self) -> tuple[bytes, Sealed]:
        """The header, and the init record sealed: they are written together."""
        header = self.header.pack(self._commit)
        self._offset = len(header)
        body = canonical(
            {
                "v": 1,
                "codec": self._codec.codec,
                "extradata": base64.b64encode(self._codec.extradata).decode(),
                "width": self._codec.width,
                "height": self._codec.height,
            }
        )
        head = RecordHead(
            type=RecordType.INIT,
            seq=0,
            ct_len=len(body),
            slice_count=1,
            start_utc_us=self.header.start_utc_us,
            clock_epoch=self.header.clock_epoch,
        )
        return header, self._seal(head, body, [len(body)])

    def seal(self, record: Record) -> Sealed:
        """Seal one group of pictures, and what was observed meanwhile as its side record.

        The packet table is appended to `record.data` itself.

        Raises:
            ValueError: the record's sizes disagree, or it is larger than the format allows.
        """
        count = len(record.sizes)
        if sum(record.sizes) != len(record.data) or len(record.pts_delta_90k) != count:
            raise ValueError("the sizes of a record do not add up to its data")
        table = pack_table(record.pts_delta_90k.tolist())
        if len(record.data) + len(table) > MAX_CIPHERTEXT_BYTES:
            raise ValueError("a record is larger than the format allows")
        record.data += table
        side = None
        if record.observations:
            start_utc_us, epoch = record.start_utc_us, record.clock_epoch
            side = self.seal_side(record.observations, start_utc_us=start_utc_us, clock_epoch=epoch)
        sealed = self._seal(self._head(record), record.data, [*record.sizes, len(table)])
        return sealed if side is None else replace(sealed, side=side)

    def seal_side(self, observations: bytes, *, start_utc_us: UtcUs, clock_epoch: int) -> Sealed:
        """Seal a side record by itself: a JCS array of observations, of a bounded size.

        Raises:
            ValueError: it is larger than the format allows.
        """
        if len(observations) > MAX_CIPHERTEXT_BYTES:
            raise ValueError("a side record is larger than the format allows")
        head = RecordHead(
            type=RecordType.SIDE,
            seq=self.count,
            ct_len=len(observations),
            slice_count=1,
            start_utc_us=start_utc_us,
            clock_epoch=clock_epoch,
        )
        # Not in the scratch: the group that it belongs to is sealed there before either is written.
        return self._seal(head, observations, [len(observations)], Scratch(len(observations) + TAG_BYTES))

    def written(self, sealed: Sealed) -> None:
        """The parts of this record, and of its side record before it, are in the file."""
        if sealed.side is not None:
            self.written(sealed.side)
        self._entries.append(IndexEntry(self._offset, sealed.inner))
        self._root.append(sealed.inner)
        self._offset += sealed.size

    def closing(self) -> Parts:
        """Index and footer."""
        entries = b"".join(entry.pack() for entry in self._entries)
        head = RecordHead(type=RecordType.INDEX, seq=self.count, ct_len=len(entries), slice_count=0)
        footer = Footer(index_offset=self._offset, count=self.count, root=self.root())
        return [head.pack(), entries, footer.pack()]

    def _head(self, record: Record) -> RecordHead:
        flags = Flags.NONE
        flags |= Flags.CONTINUATION if record.continuation else Flags.NONE
        flags |= Flags.LOSS if record.lost else Flags.NONE
        flags |= Flags.UNSYNCHRONISED if record.unsynchronised else Flags.NONE
        flags |= Flags.OBSERVED if record.observations else Flags.NONE
        return RecordHead(
            type=RecordType.GOP,
            seq=self.count + (1 if record.observations else 0),
            ct_len=len(record.data),
            slice_count=len(record.sizes) + 1,
            start_utc_us=record.start_utc_us,
            random_access=record.random_access,
            flags=flags,
            pts_90k=record.pts_90k,
            dur_90k=record.dur_90k,
            offset_us=record.camera_offset_us,
            clock_epoch=record.clock_epoch,
            lost=record.lost,
            packet_count=len(record.sizes),
        )

    def _seal(self, head: RecordHead, plaintext: Bytes, lengths: list[int], scratch: Scratch | None = None) -> Sealed:
        packed = head.pack()
        key = record_key(self._dek, self.hh, packed)
        front = packed + record_key_commitment(key) + pack_lengths(lengths)
        box = (scratch or self._scratch).view(head.ct_len + TAG_BYTES)
        AESGCM(key).encrypt_into(NONCE, plaintext, front, box)
        inner = inner_root(front, cut(box, lengths), box[head.ct_len :])
        return Sealed(head, inner, [front, box, inner], len(front) + len(box) + HASH_BYTES)
