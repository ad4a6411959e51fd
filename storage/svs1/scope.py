"""Which records of a segment a grant covers (docs/design/keys.md "Opening"). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nvr.base.ids import SegmentId
from nvr.base.units import UtcUs
from storage.records import RandomAccess
from storage.svs1.layout import RecordHead, RecordType


def records_in_scope(
    heads: Sequence[RecordHead], from_utc_us: int, to_utc_us: int, *, leads_into_next: bool = False
) -> list[int]:
    """The `seq` of the records that may be opened for [from, to), in order.

    These are the init record, every group of pictures whose time overlaps the interval, and before the first of them
    the records back to the nearest one that begins with a random access point: without it nothing decodes. Behind a
    recovery point pictures are whole only once every part of them was refreshed, so the group before it is in scope,
    too. With `leads_into_next` the granted part of the following segment goes on with this segment's last group of
    pictures, so the records from the last random access point to the end are in scope too.

    The side record of a group whose time overlaps the interval is in scope, that of one that is only needed for
    decoding is not. Nothing is, not even the init record, when no group of pictures is.
    """
    gops = [head for head in heads if head.type is RecordType.GOP]
    wanted = {at for at, head in enumerate(gops) if overlaps(head, from_utc_us, to_utc_us)}
    sides = side_records(heads)
    observed = {gops[at].seq - 1 for at in wanted} & sides
    firsts = [min(wanted)] if wanted else []
    if leads_into_next and gops:
        wanted.add(len(gops) - 1)
        firsts.append(len(gops) - 1)
    for first in firsts:
        wanted.update(range(_random_access_before(gops, first), first))
    inits = [head.seq for head in heads if head.type is RecordType.INIT] if wanted else []
    return inits + sorted({gops[at].seq for at in wanted} | observed)


def side_records(heads: Iterable[RecordHead]) -> set[int]:
    """The `seq` of the side records; each belongs to the group of pictures right behind it."""
    return {head.seq for head in heads if head.type is RecordType.SIDE}


@dataclass(frozen=True, slots=True)
class SegmentHeads:
    """What the rule needs to know of a segment: its header's id, start and `continues`, and its records' heads."""

    segment: SegmentId
    start_utc_us: UtcUs
    continues: SegmentId | None
    heads: Sequence[RecordHead]


def segments_in_scope(segments: Iterable[SegmentHeads], from_utc_us: int, to_utc_us: int) -> dict[SegmentId, list[int]]:
    """`records_in_scope` over segments of one or more cameras, groups of pictures that cross segments included.

    A segment of which nothing is in scope is not named. The caller gives all segments that overlap the interval and,
    for each, those that it continues.
    """
    granted: dict[SegmentId, list[int]] = {}
    needed: set[SegmentId] = set()
    for one in sorted(segments, key=lambda each: each.start_utc_us, reverse=True):
        seqs = records_in_scope(one.heads, from_utc_us, to_utc_us, leads_into_next=one.segment in needed)
        if seqs:
            granted[one.segment] = seqs
        if one.continues is not None and begins_in_previous(one.heads, seqs):
            needed.add(one.continues)
    return granted


def begins_in_previous(heads: Sequence[RecordHead], granted: Sequence[int]) -> bool:
    """Whether the granted part can not be decoded without the segment that the header's `continues` names."""
    by_seq = {head.seq: head for head in heads}
    gops = [by_seq[seq] for seq in granted if by_seq[seq].type is RecordType.GOP]
    return bool(gops) and gops[0].random_access is RandomAccess.NONE


def overlaps(head: RecordHead, from_utc_us: int, to_utc_us: int) -> bool:
    """Whether any instant of the record lies in [from, to); a record without duration is one instant."""
    end_utc_us = max(head.end_utc_us, head.start_utc_us + 1)
    return head.start_utc_us < to_utc_us and end_utc_us > from_utc_us and from_utc_us < to_utc_us


def _random_access_before(gops: Sequence[RecordHead], at: int) -> int:
    """Where decoding begins so that the record `at` is shown whole; 0 when there is no such place."""
    begins = _nearest(gops, at)
    refreshes = gops[begins].random_access is RandomAccess.RECOVERY_POINT
    return _nearest(gops, max(0, begins - 1)) if refreshes else begins


def _nearest(gops: Sequence[RecordHead], at: int) -> int:
    """The nearest record at or before `at` that begins with a random access point; 0 when there is none."""
    while at > 0 and gops[at].random_access is RandomAccess.NONE:
        at -= 1
    return at
