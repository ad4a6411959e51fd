"""Which samples of a movie belong to which sealed record: what the steps on scope, packets and times have in common."""

from collections.abc import Iterator
from dataclasses import dataclass

from access.export.layout import records_path
from access.export.manifest import Item, ItemSegment
from access.export.recordproof import RecordProof
from access.export.timing import wall_utc_us
from access.verification.report import CannotRun, finding
from access.verification.subject import Subject, as_finding
from nvr.base.errors import EvidenceAtRisk
from storage.svs1.layout import TABLE_ROW_BYTES, RecordHead, RecordType


@dataclass(frozen=True, slots=True)
class WovenRecord:
    """A record, and its samples: `packets` of them, in the movie from number `first` on."""

    segment: ItemSegment
    proof: RecordProof
    head: RecordHead
    first: int

    @property
    def packets(self) -> range:
        """The record's own numbers of the samples that are in the movie."""
        return range(self.proof.packets)

    @property
    def whole(self) -> bool:
        """Whether all of the record's samples are in the movie."""
        return self.proof.packets == self.head.packet_count

    def pts_90k(self, packet: int) -> int:
        """Presentation time of a sample, since the run began."""
        return self.head.pts_90k + self.proof.pts_deltas_90k[packet]

    def wall_utc_us(self, packet: int) -> int:
        """Wall time of a sample."""
        return wall_utc_us(self.head.start_utc_us, self.proof.pts_deltas_90k[packet])


def weave(subject: Subject, item: Item) -> list[WovenRecord]:
    """The records of a movie, in order.

    Raises:
        CannotRun: the records do not fit each other, or the number of samples.
    """
    woven: list[WovenRecord] = []
    samples = 0
    for segment in item.segments:
        for proof, head in heads(subject, segment.seg):
            if head.type is RecordType.GOP and segment.records[0] <= proof.seq <= segment.records[1]:
                woven.append(WovenRecord(segment, proof, head, samples))
                samples += proof.packets
    if samples != item.frames or samples != len(subject.movie(item).samples):
        raise CannotRun(finding("samples-differ", item.path, expected=samples))
    if not woven:
        raise CannotRun(finding("samples-differ", item.path, expected=0))
    return woven


def heads(subject: Subject, segment: str) -> Iterator[tuple[RecordProof, RecordHead]]:
    """The records that the bundle proves of a segment, with their heads read.

    Raises:
        CannotRun: a head is not a head, or its record is cut otherwise than the head says.
    """
    file = records_path(segment)
    last = -1
    for proof in subject.records(segment).records:
        try:
            head = proof.parse_head(file)
        except EvidenceAtRisk as error:
            raise CannotRun(as_finding(error, file)) from error
        if not _fits(proof, head) or proof.seq <= last:
            raise CannotRun(finding("record-malformed", file, seq=proof.seq))
        last = proof.seq
        yield proof, head


def _fits(proof: RecordProof, head: RecordHead) -> bool:
    """Whether head, slices, table and what is withheld agree in number."""
    table = len(bytes.fromhex(proof.table))
    return (
        head.seq == proof.seq
        and head.type in (RecordType.INIT, RecordType.GOP, RecordType.SIDE)
        and len(proof.slices) == head.slice_count
        and sum(proof.slices) == head.ct_len
        and proof.slices[-1] == table
        and (head.type is not RecordType.GOP or table == TABLE_ROW_BYTES * head.packet_count)
        and proof.packets + len(proof.rest) == head.packet_count
    )
