"""Where a dome looked: the file beside a movie is made again from the proven side records, and compared."""

from collections.abc import Iterator, Sequence

from access.export import layout
from access.export.manifest import Item
from access.export.positions import SideRecord, positions_document
from access.verification.report import Finding, finding
from access.verification.subject import Subject, as_finding
from access.verification.weave import WovenRecord, heads
from nvr.base.errors import EvidenceAtRisk
from storage.svs1.layout import RecordType


def check_positions(subject: Subject, item: Item, woven: Sequence[WovenRecord]) -> Iterator[Finding]:
    """The positions beside a movie are what was sealed before its groups of pictures, all of it and nothing else.

    Step 6 compares each side record with the segment's root; which of them must be there is for steps 5 and 8.
    """
    path = layout.positions_path(item.path)
    sides, there = _sides(subject, woven), path in dict(subject.files())
    if not sides:
        if there:
            yield finding("positions-of-no-movie", path)
        return
    try:
        expected = positions_document(item.camera, item.path, sides)
    except EvidenceAtRisk as error:
        yield as_finding(error, layout.records_path(sides[0].segment))
        return
    if not there:
        yield finding("positions-missing", path)
    elif subject.bytes_of(path) != expected:
        yield finding("positions-differ", path)


def positions_of_no_movie(subject: Subject) -> Iterator[Finding]:
    """Files that look like positions, and stand beside no movie."""
    expected = {layout.positions_path(item.path) for item in subject.manifest.items}
    for name, _ in subject.files():
        if layout.is_positions(name) and name not in expected:
            yield finding("positions-of-no-movie", name)


def _sides(subject: Subject, woven: Sequence[WovenRecord]) -> list[SideRecord]:
    """The proven side records of the movie's groups, in order."""
    found = {
        (name, head.seq): SideRecord(name, head.seq, bytes.fromhex(proof.table))
        for name in dict.fromkeys(one.segment.seg for one in woven)
        for proof, head in heads(subject, name)
        if head.type is RecordType.SIDE
    }
    wanted = ((one.segment.seg, one.head.seq - 1) for one in woven)
    return [found[key] for key in wanted if key in found]
