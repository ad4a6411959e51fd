"""What holds of everything that comes out of the ingest, whatever went in."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from nvr.base.ids import RunId
from storage.records import RandomAccess, Record
from tests.fuzz.codings import MOST_JOINED_BYTES, Depacketiser
from tests.recorder.fakes import Gap, MemorySink, Segment

READ_BYTES = 128 * 1024
_CODEC = re.compile(r"avc1\.[0-9a-f]{6}|hvc1\.[A-Za-z0-9.]+")


def check_sample(data: bytes | bytearray | memoryview) -> int:
    """Lengths of NAL units walk to the very end of an access unit; how many there are."""
    at = count = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert 0 < size <= len(data) - at - 4, (at, size, len(data))
        at += 4 + size
        count += 1
    return count


class CheckedUnits:
    """Takes access units as a run does: parts with them now and then, or forgets them."""

    def __init__(self, *, units_per_record: int, forgets: bool, canary: bytes | None) -> None:
        self.depacketiser: Depacketiser
        self.lost = 0
        self.sources = 0
        self._per_record = units_per_record
        self._forgets = forgets
        self._canary = canary
        self._sizes: list[int] = []
        self._timestamp = -1

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:
        assert 0 <= timestamp < 1 << 32
        assert size > 0
        assert lost >= 0
        assert timestamp == self._timestamp or not joins
        assert self.depacketiser.unfinished == size
        self._timestamp = timestamp
        self.lost += lost
        if self._forgets and random_access is RandomAccess.NONE:
            self._sizes.clear()
            self.depacketiser.discard()
            return
        if len(self._sizes) >= self._per_record:
            self.part(size)
        self._sizes.append(size)

    def source_changed(self) -> None:
        self.sources += 1
        self._timestamp = -1

    def check_invariants(self) -> None:
        """Between two reads: the sizes told add up with what waits, and memory is bounded."""
        depacketiser = self.depacketiser
        assert sum(self._sizes) + depacketiser.unfinished == depacketiser._end
        assert depacketiser._end <= MOST_JOINED_BYTES
        assert len(depacketiser._out) <= MOST_JOINED_BYTES + 2 * READ_BYTES

    def part(self, keep: int) -> None:
        """A record ends here: its units are looked at, and the last `keep` bytes begin the next."""
        data = self.depacketiser.take(keep)
        assert len(data) == sum(self._sizes)
        assert self._canary is None or self._canary not in data
        check_units(data, self._sizes)
        self._sizes.clear()


def check_units(data: bytearray, sizes: Iterable[int]) -> None:
    """Sizes add up to the data, and every access unit is whole NAL units."""
    at = 0
    with memoryview(data) as view:
        for size in sizes:
            assert check_sample(view[at : at + size]) > 0
            at += size
    assert at == len(data)


def check_recorded(sink: MemorySink, gaps: Sequence[Gap], *, was_flushed: bool) -> None:
    """Records are whole, dated in their order, and do not lie over each other; gaps do not run backwards."""
    before = None
    runs: dict[RunId, list[Record]] = {}
    for segment in sink.segments.values():
        runs.setdefault(segment.start.run, []).extend(segment.records)
        assert segment.records
        assert segment.start.continues in (None, before)
        before = segment.start.segment
        _check_segment(segment)
    # A record that a flush closed ends by its last frame interval, and the next picture may come sooner.
    for records in runs.values() if not was_flushed else ():
        _check_run(records)
    for gap in gaps:
        assert gap.to_utc_us is None or gap.from_utc_us <= gap.to_utc_us


def _check_segment(segment: Segment) -> None:
    start, records = segment.start, segment.records
    assert start.start_utc_us == records[0].start_utc_us
    assert _CODEC.fullmatch(start.codec.codec)
    assert 0 < start.codec.width <= 1 << 14
    assert 0 < start.codec.height <= 1 << 14
    assert (start.continues is not None) <= (records[0].random_access is RandomAccess.NONE)
    for record in records:
        check_units(record.data, record.sizes)
        assert len(record.sizes) == len(record.pts_delta_90k) > 0
        assert min(record.pts_delta_90k) == 0
        assert max(record.pts_delta_90k) < record.dur_90k < 1 << 31
        assert record.lost >= 0
        assert record.clock_epoch == start.clock_epoch
        assert record.continuation == (record.random_access is RandomAccess.NONE)
    for before, after in pairwise(records):
        assert before.pts_90k < after.pts_90k
        assert before.start_utc_us < after.start_utc_us
        assert before.pts_90k + before.dur_90k <= after.pts_90k + after.dur_90k


def _check_run(records: Sequence[Record]) -> None:
    """A record ends where the first picture of the next is shown; by estimate, where that lies among its own."""
    newest_90k = estimated_90k = 0
    for before, after in pairwise(records):
        end_90k, first_90k = before.pts_90k + before.dur_90k, after.pts_90k + after.pts_delta_90k[0]
        newest_90k = max(newest_90k, before.pts_90k + max(before.pts_delta_90k))
        if first_90k <= newest_90k:
            estimated_90k = end_90k
        assert end_90k <= max(first_90k, estimated_90k), "records lie over each other"
