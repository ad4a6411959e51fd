"""Walking a segment without keys, record by record: after a crash, and to check one (docs/design/svs1.md).

Whatever the bytes are, what comes out is a whole record, `SegmentDamaged`, or the place where the torn tail begins.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from storage import disk
from storage.svs1 import header as headers
from storage.svs1.contexts import inner_root, segment_root
from storage.svs1.header import Header
from storage.svs1.layout import (
    ENTRY_BYTES,
    FOOTER_BYTES,
    HASH_BYTES,
    HEAD_BYTES,
    MAX_HEADER_JSON_BYTES,
    SLICE_LENGTH_BYTES,
    TABLE_ROW_BYTES,
    TAG_BYTES,
    Footer,
    IndexEntry,
    RecordHead,
    RecordType,
    SegmentDamaged,
    SegmentUnreadable,
    cut,
    parse_entries,
    parse_lengths,
)


def _unhindered(_: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """One record as it stands in the file, its inner root recomputed and found right."""

    head: RecordHead
    front: bytes
    """Head, rkc and slice lengths: the additional data of the seal, and the record's first leaf."""
    lengths: tuple[int, ...]
    box: memoryview
    """Ciphertext and tag."""
    inner: bytes

    @property
    def head_bytes(self) -> bytes:
        """The 128 bytes of the head as they stand in the file."""
        return self.front[:HEAD_BYTES]

    @property
    def rkc(self) -> bytes:
        """The commitment to the record's key."""
        return self.front[HEAD_BYTES : HEAD_BYTES + HASH_BYTES]

    @property
    def tag(self) -> memoryview:
        """The tag of AES-GCM."""
        return self.box[self.head.ct_len :]

    @property
    def slices(self) -> list[memoryview]:
        """The ciphertext, one slice per access unit and one for the packet table."""
        return cut(self.box, self.lengths)


@dataclass(frozen=True, slots=True)
class Scan:
    """What stands in a file.

    `closed`: index and footer are whole, agree with the records, and end the file. `tail_offset` is where the last
    whole record ends; if the file is not closed, nothing behind it counts. The init record is `heads[0]`.
    """

    header: Header
    commit: bytes
    heads: tuple[RecordHead, ...]
    entries: tuple[IndexEntry, ...]
    root: bytes
    closed: bool
    tail_offset: int
    file_bytes: int

    @property
    def torn_bytes(self) -> int:
        """Bytes behind the last whole record that nothing accounts for."""
        return 0 if self.closed else self.file_bytes - self.tail_offset


class SegmentFile:
    """A sealed file opened for reading; a context manager. Every failure to read is `SegmentDamaged`."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._fd = disk.open_file(path, os.O_RDONLY | os.O_NOFOLLOW)
            self.size = os.fstat(self._fd).st_size
        except OSError as error:
            raise self._unreadable(0, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)

    def read(self, offset: int, size: int) -> bytes:
        """The bytes at this place; fewer only where the file ends."""
        parts = []
        try:
            while size > 0 and (part := disk.pread(self._fd, size, offset)):
                parts.append(part)
                offset, size = offset + len(part), size - len(part)
        except (OSError, OverflowError) as error:
            raise self._unreadable(offset, error) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def header(self) -> tuple[Header, bytes, int]:
        """Header, `commit`, and where the first record begins."""
        most = headers.FIXED_BYTES + MAX_HEADER_JSON_BYTES + headers.CLOSING_BYTES
        header, commit = headers.parse(self.read(0, most), file=self.name)
        return header, commit, headers.FIXED_BYTES + len(header.json_bytes) + headers.CLOSING_BYTES

    def head(self, offset: int) -> RecordHead:
        """The head at this place, without looking at what follows."""
        return RecordHead.parse(self.read(offset, HEAD_BYTES), file=self.name, offset=offset)

    def record(self, offset: int, seq: int) -> SealedRecord:
        """The record that begins here, whole and with this number."""
        head = self.head(offset)
        self.demand(head.type is not RecordType.INDEX, offset, "an index, not a record")
        self.demand(head.seq == seq, offset, f"record {head.seq} where {seq} belongs")
        self.demand((head.type is RecordType.INIT) == (seq == 0), offset, "init record out of place")
        # Judged before anything of that size is read: a flipped length must not cost memory.
        self.demand(head.body_bytes <= self.size - offset - HEAD_BYTES, offset, "record cut short")
        data = self.read(offset, HEAD_BYTES + head.body_bytes)
        self.demand(len(data) == HEAD_BYTES + head.body_bytes, offset, "record cut short")
        lengths_end = HEAD_BYTES + HASH_BYTES + SLICE_LENGTH_BYTES * head.slice_count
        lengths = parse_lengths(data[HEAD_BYTES + HASH_BYTES : lengths_end])
        self.demand(sum(lengths) == head.ct_len, offset, "slice lengths")
        table = TABLE_ROW_BYTES * head.packet_count
        self.demand(head.type is not RecordType.GOP or lengths[-1] == table, offset, "length of the packet table")
        box = memoryview(data)[lengths_end : lengths_end + head.ct_len + TAG_BYTES]
        front = data[:lengths_end]
        inner = inner_root(front, cut(box, lengths), box[head.ct_len :])
        self.demand(inner == data[-HASH_BYTES:], offset, "hash of the record")
        return SealedRecord(head, front, lengths, box, inner)

    def index(self) -> tuple[Footer, list[IndexEntry]] | None:
        """Footer and entries, when the file ends with a whole index and footer that agree; None otherwise."""
        footer = Footer.parse(self.read(max(0, self.size - FOOTER_BYTES), FOOTER_BYTES))
        if footer is None:
            return None
        if footer.index_offset + HEAD_BYTES + ENTRY_BYTES * footer.count + FOOTER_BYTES != self.size:
            return None
        try:
            head = self.head(footer.index_offset)
        except SegmentDamaged:
            return None
        if head.type is not RecordType.INDEX or head.seq != footer.count:
            return None
        return footer, parse_entries(self.read(footer.index_offset + HEAD_BYTES, head.ct_len))

    def demand(self, condition: bool, offset: int, what: str) -> None:  # noqa: FBT001 -- reads as a sentence
        """Raise `SegmentDamaged` at this place unless the condition holds."""
        if not condition:
            raise SegmentDamaged(file=self.name, offset=offset, what=what)

    def _unreadable(self, offset: int, error: Exception) -> SegmentUnreadable:
        return SegmentUnreadable(file=self.name, offset=offset, what=f"cannot be read: {error}")


def scan(path: Path, *, taken: Callable[[int], object] = _unhindered) -> Scan:
    """Read the whole file, and hash every record; `taken` is told the bytes of each, may wait, and may raise.

    Raises:
        SegmentUnreadable: the disk does not give the bytes.
        SegmentDamaged: there is no whole header, or the file says that it is closed and is not what it says.
            A file without whole index and footer is no error: what is whole of it is given, but no side record at
            its end.
    """
    with SegmentFile(path) as file:
        header, commit, offset = file.header()
        index = file.index()
        heads: list[RecordHead] = []
        entries: list[IndexEntry] = []
        end = file.size if index is None else index[0].index_offset
        while offset < end:
            try:
                record = file.record(offset, len(heads))
            except SegmentDamaged as error:
                if index is not None or isinstance(error, SegmentUnreadable):
                    raise
                break
            heads.append(record.head)
            entries.append(IndexEntry(offset, record.inner))
            size = len(record.front) + len(record.box) + HASH_BYTES
            offset += size
            taken(size)
        if index is None and heads and heads[-1].type is RecordType.SIDE:
            # Its group never came: a record that belongs to nothing would look like one that was left out.
            offset = entries.pop().offset
            heads.pop()
        root = segment_root(header.hh, commit, [entry.inner for entry in entries])
        if index is not None:
            footer, told = index
            file.demand(offset == end and told == entries, end, "index does not agree with the records")
            file.demand(root == footer.root, end, "root in the footer")
        return Scan(
            header=header,
            commit=commit,
            heads=tuple(heads),
            entries=tuple(entries),
            root=root,
            closed=index is not None,
            tail_offset=offset,
            file_bytes=file.size,
        )
