"""Reading a sealed segment at any record, without keys (docs/design/svs1.md)."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.svs1.contexts import segment_root
from storage.svs1.layout import IndexEntry, RecordHead
from storage.svs1.scan import SealedRecord, SegmentFile, scan


class SegmentReader:
    """One sealed file; a context manager. Not for use by two threads at once.

    A closed file is read through its index, whose inner roots are checked against the footer's root at once; one that a
    crash left is scanned, which reads all of it. `root` is what the ledger must hold.

    Raises:
        SegmentDamaged: from any method, when the bytes are not what was written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = SegmentFile(path)
        try:
            self.header, self.commit, _ = self._file.header()
            self.hh = self.header.hh
            self.file_bytes = self._file.size
            index = self._file.index()
            self.closed = index is not None
            if index is None:
                scanned = scan(path)
                self._entries = scanned.entries
                self.root = scanned.root
            else:
                footer, entries = index
                self._entries = tuple(entries)
                self.root = segment_root(self.hh, self.commit, [entry.inner for entry in self._entries])
                self._file.demand(self.root == footer.root, footer.index_offset, "root in the footer")
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Records, the init record among them."""
        return len(self._entries)

    def close(self) -> None:
        """Give the descriptor back."""
        self._file.close()

    @property
    def entries(self) -> tuple[IndexEntry, ...]:
        """Where each record stands, with its inner root."""
        return self._entries

    @cached_property
    def heads(self) -> tuple[RecordHead, ...]:
        """The head of each record, in order."""
        heads = []
        for seq, entry in enumerate(self._entries):
            head = self._file.head(entry.offset)
            self._file.demand(head.seq == seq, entry.offset, "another record than the index names")
            heads.append(head)
        return tuple(heads)

    def record(self, seq: int) -> SealedRecord:
        """One record, its inner root checked against the index.

        Raises:
            IndexError: the segment has no such record.
        """
        entry = self._entries[seq]
        record = self._file.record(entry.offset, seq)
        self._file.demand(record.inner == entry.inner, entry.offset, "another record than the index names")
        return record

    def records(self) -> Iterator[SealedRecord]:
        """All records in order."""
        return map(self.record, range(len(self)))
