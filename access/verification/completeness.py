"""Step 8: nothing that was granted and released was left out of the bundle, but what the manifest tells as unreadable.

A movie in which a group of pictures is absent plays, and every hash in it is right. What was released stands in the
ledger; how many records a segment has follows from its root; when the frames of a record are shown stands in its table,
which is disclosed whole. So an absence shows without the footage that is absent.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise

from access.export import layout
from access.export.manifest import Item
from access.export.recordproof import RecordProof
from access.export.timing import wall_utc_us
from access.verification.report import CannotRun, Facts, Finding, finding
from access.verification.subject import Subject
from access.verification.weave import heads, weave
from nvr.base.errors import EvidenceAtRisk
from storage.ledger import machine
from storage.svs1.layout import Flags, RecordHead, RecordType
from storage.svs1.scope import overlaps


def check_complete(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 8: every released segment, every record of it in the interval, and every frame of these is there."""
    manifest = subject.manifest
    released, unreadable = subject.released, {one.seg for one in manifest.unreadable if one.records is None}
    missing = {one.seg: frozenset(one.records) for one in manifest.unreadable if one.records is not None}
    told = {one.seg for one in subject.sealed}
    for name in sorted(released - told - unreadable):
        yield finding("segment-left-out", layout.MANIFEST, segment=name)
    checks = [partial(_frames, subject, name) for name in sorted(told)]
    checks += [partial(_records, subject, name, missing.get(name, frozenset())) for name in sorted(told - unreadable)]
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


def _records(subject: Subject, name: str, missing: Collection[int]) -> Iterator[Finding]:
    """The groups of pictures are an unbroken run, and those on both sides of it lie outside the interval.

    Within a segment groups neither begin nor end before the one before them (docs/design/time.md): what lies beyond one
    that is outside the interval is outside as well. Of a record that is told as `missing`, nobody knows the times.
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
    # The init record is 0.
    yield from _beside(subject, name, range(seqs[0] - 1, 0, -1))
    yield from _beside(subject, name, range(seqs[-1] + 1, len(subject.records(name).inner)))


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


def _beside(subject: Subject, name: str, seqs: Iterable[int]) -> Iterator[Finding]:
    """The nearest group of pictures on one side of those that are told lies outside the interval."""
    grant, file, records = subject.manifest.grant, layout.records_path(name), subject.records(name)
    known = {one.seq: one for one in records.beside}
    for seq in seqs:
        if seq not in known:
            yield finding("record-left-out", file, seq=seq)
            return
        try:
            head = known[seq].parse_head(file)
            known[seq].check(bytes.fromhex(records.inner[seq]))
        except EvidenceAtRisk as error:
            raise CannotRun(finding("record-malformed", file, seq=seq)) from error
        if head.seq != seq:
            raise CannotRun(finding("record-malformed", file, seq=seq))
        if head.type is RecordType.GOP:
            if overlaps(head, grant.from_utc_us, grant.to_utc_us):
                yield finding("record-left-out", file, seq=seq)
            return


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
