"""Step 8: nothing that was granted and released was left out of the bundle, but what the manifest tells as unreadable.

A movie in which a group of pictures is absent plays, and every hash in it is right. What was released stands in the
ledger; how many records a segment has follows from its root; when the frames of a record are shown stands in its table,
which is disclosed whole. So an absence shows without the footage that is absent.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from access.export import layout
from access.export.manifest import Item
from access.export.recordproof import RecordProof
from access.export.timing import wall_utc_us
from access.verification.report import CannotRun, Facts, Finding, finding
from access.verification.subject import Subject
from access.verification.weave import heads, weave
from storage.ledger import machine
from storage.svs1.layout import Flags, RecordHead, RecordType
from storage.svs1.scope import overlaps

_SLACK_US: Final = 10_000
"""A record's wall time is rounded, and the clock slewed while it grows: by less than this (500 ppm of 2 s, 1 us)."""


def check_complete(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 8: every released segment, every record of it in the interval, and every frame of these is there."""
    manifest = subject.manifest
    released, unreadable = subject.released, {one.seg for one in manifest.unreadable if one.records is None}
    missing = {one.seg: frozenset(one.records) for one in manifest.unreadable if one.records is not None}
    told = {one.seg for one in subject.sealed}
    for name in sorted(released - told - unreadable):
        yield finding("segment-left-out", layout.MANIFEST, segment=name)
    cameras = {one.seg: one.camera for one in subject.sealed}
    checks = [partial(_frames, subject, name) for name in sorted(told)]
    checks += [
        partial(_records, subject, cameras[name], name, missing.get(name, frozenset()))
        for name in sorted(told - unreadable)
    ]
    checks += [partial(_cut, subject, item) for item in manifest.items]
    for check in checks:
        try:
            yield from check()
        except CannotRun as stopped:
            yield stopped.found
    if manifest.grant.open_index is not None:
        opened = subject.entry(layout.OPEN).body
        if isinstance(opened, machine.Open):
            facts["opened"] = opened.segs
            if opened.segs > len(released):
                yield finding("release-left-out", layout.entry_path(layout.OPEN), opened=opened.segs)
    facts["released"], facts["unreadable"] = len(released), len(unreadable)
    facts["unreadable_records"] = sum(map(len, missing.values()))


def _records(subject: Subject, camera: str, name: str, missing: Collection[int]) -> Iterator[Finding]:
    """The groups of pictures are an unbroken run, from outside the interval, a gap or the segment's start, to such.

    Within a segment a record lasts until the next one, or until a gap that is told (docs/design/time.md). Of a record
    that is told as `missing`, nobody knows the times.
    """
    grant, file = subject.manifest.grant, layout.records_path(name)
    seal = subject.entry(layout.seal_name(name)).body
    if isinstance(seal, machine.Seal) and not (
        seal.start_utc_us < grant.to_utc_us and seal.end_utc_us > grant.from_utc_us
    ):
        # It is there because the next one begins in the middle of a group of pictures.
        return
    gops = _gops(subject, name)
    if not gops and missing:
        return
    if not gops:
        yield finding("record-left-out", file, seq=1)
        return
    first, last = gops[0][1], gops[-1][1]
    inside = [head for _, head in gops if overlaps(head, grant.from_utc_us, grant.to_utc_us)]
    seqs = sorted(_accounted(gops, inside, missing))
    yield from (
        finding("record-left-out", file, seq=seq + 1) for seq, following in pairwise(seqs) if following != seq + 1
    )
    proven = {head.seq for _, head in heads(subject, name)}.union(missing)
    yield from (
        finding("record-left-out", file, seq=head.seq - 1)
        for head in inside
        if _is_observed(head) and head.seq - 1 not in proven
    )
    # The init record is 0, and every other record is a group of pictures or of one (docs/design/svs1.md).
    before, after = (grant.from_utc_us, first.start_utc_us), (last.end_utc_us, grant.to_utc_us)
    previous = first.seq - 2 if _is_observed(first) else first.seq - 1
    if previous > 0 and previous not in missing and not _is_gap(subject, camera, *before):
        yield finding("record-left-out", file, seq=previous)
    is_last = last.seq == len(subject.records(name).inner) - 1 or not {last.seq + 1, last.seq + 2}.isdisjoint(missing)
    if not is_last and not _is_gap(subject, camera, *after):
        yield finding("record-left-out", file, seq=last.seq + 1)


def _is_observed(head: RecordHead) -> bool:
    """Whether the record right before is the side record of this group: its head, and so its key, say so."""
    return Flags.OBSERVED in head.flags


def _accounted(
    gops: Sequence[tuple[RecordProof, RecordHead]], inside: Sequence[RecordHead], missing: Collection[int]
) -> set[int]:
    """The `seq` of which it is known what they are: groups, side records of these, what is told as missing.

    Of what is missing before the interval, and only needed to decode, the side record may have been granted to nobody.
    """
    seqs = {head.seq for _, head in gops}.union(missing)
    first_inside = min((head.seq for head in inside), default=0)
    seqs |= {head.seq - 1 for _, head in gops if _is_observed(head)}
    return seqs | {seq - 1 for seq in missing if 1 < seq < first_inside and seq - 1 > min(seqs)}


def _is_gap(subject: Subject, camera: str, from_utc_us: int, to_utc_us: int) -> bool:
    """Whether the gaps of the manifest fill [from, to)."""
    reached = from_utc_us
    for gap in sorted(subject.manifest.gaps, key=lambda one: one.from_utc_us):
        if gap.camera == camera and gap.from_utc_us <= reached + _SLACK_US:
            reached = max(reached, to_utc_us if gap.to_utc_us is None else gap.to_utc_us)
    return reached + _SLACK_US >= to_utc_us


def _frames(subject: Subject, name: str) -> Iterator[Finding]:
    """No frame that a record withholds is shown in the interval."""
    grant = subject.manifest.grant
    for proof, head in _gops(subject, name):
        withheld = (
            wall_utc_us(head.start_utc_us, proof.pts_deltas_90k[packet])
            for packet in range(proof.packets, head.packet_count)
        )
        if any(grant.from_utc_us <= wall < grant.to_utc_us for wall in withheld):
            yield finding("frames-left-out", layout.records_path(name), seq=proof.seq)


def _cut(subject: Subject, item: Item) -> Iterator[Finding]:
    """Only the last record of a movie may be cut."""
    for one in weave(subject, item)[:-1]:
        if not one.whole:
            yield finding("frames-left-out", layout.records_path(one.segment.seg), seq=one.proof.seq)


def _gops(subject: Subject, name: str) -> list[tuple[RecordProof, RecordHead]]:
    return [(proof, head) for proof, head in heads(subject, name) if head.type is RecordType.GOP]
