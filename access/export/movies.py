"""Step 3 of an export: the movies, and beside them the proof of each record whose pictures they hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from access.export.collect import CameraPlan, ReleaseDiffers
from access.export.layout import positions_path, records_path, video_path
from access.export.mux import MovieWriter
from access.export.plan import Gop, Part
from access.export.ports import Release, ReleasedRecord, ReleasedSegment
from access.export.positions import SideRecord, positions_document
from access.export.recordproof import RecordBeside, RecordProof, SegmentProof
from nvr.base.ids import SegmentId
from nvr.base.jcs import canonical
from storage.durable import create_file
from storage.records import RandomAccess
from storage.svs1.layout import RecordType
from storage.svs1.opening import check_key, slice_hashes_from_packets
from storage.svs1.scope import overlaps


@dataclass(frozen=True, slots=True)
class Movie:
    """A movie that was written; `path` is from the bundle's directory."""

    path: str
    part: Part


def write_movies(release: Release, plan: CameraPlan, root: Path, *, first_number: int) -> list[Movie]:
    """Write the camera's movies, a dome's positions beside them, and the proofs of all records. Blocks on the disk.

    Raises:
        ReleaseDiffers: samples do not hash to what was sealed.
        WrongRecordKey: a key is not the one that its record commits to.
        RecordForged: a side record is no array of observations.
        CodecUnknown, BoxDamaged, OSError: the movie could not be made.
    """
    feed = _Feed(release, plan, root)
    movies = []
    for number, part in enumerate(plan.parts, first_number):
        path = video_path(plan.camera, part.first_shown_utc_us, number)
        with MovieWriter(root / path, part) as writer:
            for at, gop in enumerate(part.gops):
                samples = feed.take(gop, part.packets_of(at))
                for packet, sample in enumerate(samples):
                    writer.add(sample, RandomAccess.NONE if packet else gop.random_access)
            writer.finish()
        if sides := feed.sides_of(part):
            create_file(root / positions_path(path), positions_document(plan.camera, path, sides))
        movies.append(Movie(path, part))
    feed.finish()
    return movies


class _Feed:
    """The granted records of a camera, one after the other; writes the proof of each segment as it leaves it."""

    def __init__(self, release: Release, plan: CameraPlan, root: Path) -> None:
        self._root = root
        self._release = release
        self._from_utc_us, self._to_utc_us = release.grant.from_utc_us, release.grant.to_utc_us
        self._segments = plan.segments
        self._records = self._all(release)
        self._segment: ReleasedSegment | None = None
        self._proofs: list[RecordProof] = []
        self._groups: set[int] = set()
        self._unread = set(plan.segments)
        self._sides: dict[tuple[SegmentId, int], SideRecord] = {}

    def take(self, gop: Gop, packets: int) -> list[memoryview]:
        """The first `packets` samples of this group, checked against the inner root of its record."""
        for segment, record in self._records:
            self._enter(segment)
            if (record.segment, record.seq) == (gop.segment, gop.seq):
                samples = [data for data, _ in record.packets]
                self._prove(segment, record, samples, packets)
                return samples[:packets]
            if record.segment == gop.segment and record.seq > gop.seq:
                break
            self._pass_over(segment, record)
        raise ReleaseDiffers(segment=gop.segment, what=f"record {gop.seq} is gone")

    def sides_of(self, part: Part) -> list[SideRecord]:
        """What was observed during the groups of this movie, all of which were taken."""
        found = (self._sides.get((gop.segment, gop.seq - 1)) for gop in part.gops)
        return [side for side in found if side is not None]

    def finish(self) -> None:
        """Write the proofs of what no movie takes, and of the last segment."""
        for segment, record in self._records:
            self._enter(segment)
            self._pass_over(segment, record)
        self._leave()
        for name in sorted(self._unread):
            raise ReleaseDiffers(segment=name, what="it can not be read any more")

    def _pass_over(self, segment: ReleasedSegment, record: ReleasedRecord) -> None:
        """Prove a record that no movie takes: of groups of pictures those that overlap the interval.

        Their tables show that no frame lies there. What was released of other records is all in the bundle.
        """
        if record.head.type is RecordType.SIDE:
            self._sides[segment.segment, record.seq] = SideRecord(segment.segment, record.seq, record.table)
        if record.head.type is not RecordType.GOP or overlaps(record.head, self._from_utc_us, self._to_utc_us):
            self._prove(segment, record, [data for data, _ in record.packets], 0)

    def _all(self, release: Release) -> Iterator[tuple[ReleasedSegment, ReleasedRecord]]:
        for segment in self._segments.values():
            for record in release.records(segment.segment):
                yield segment, record

    def _enter(self, segment: ReleasedSegment) -> None:
        if self._segment is not segment:
            self._leave()
            self._segment, self._proofs, self._groups = segment, [], set()
            self._unread.discard(segment.segment)

    def _leave(self) -> None:
        if self._segment is None:
            return
        proof = SegmentProof(
            seg=self._segment.segment,
            header=self._segment.header_json.decode(),
            commit=self._segment.commit.hex(),
            inner=tuple(inner.hex() for inner in self._segment.inner),
            records=tuple(self._proofs),
            beside=tuple(self._beside(self._segment)),
        )
        path = self._root / records_path(self._segment.segment)
        create_file(path, canonical(proof.model_dump(mode="json")))

    def _beside(self, segment: ReleasedSegment) -> Iterator[RecordBeside]:
        """The groups of pictures next to those that are told, and what lies between: their heads say when they are."""
        told = self._groups.union(self._release.missing.get(segment.segment, ()))
        if told:
            before, after = range(min(told) - 1, 0, -1), range(max(told) + 1, len(segment.inner))
            yield from self._until_a_group(segment.segment, before)
            yield from self._until_a_group(segment.segment, after)

    def _until_a_group(self, segment: SegmentId, seqs: Iterable[int]) -> Iterator[RecordBeside]:
        for seq in seqs:
            front = self._release.front(segment, seq)
            if front is None:
                continue
            yield RecordBeside(
                seq=seq,
                head=front.head.pack().hex(),
                rkc=front.rkc.hex(),
                slices=tuple(front.slices),
                path=tuple(one.hex() for one in front.path),
            )
            if front.head.type is RecordType.GOP:
                return

    def _prove(self, segment: ReleasedSegment, record: ReleasedRecord, samples: list[memoryview], packets: int) -> None:
        check_key(record.key, record.rkc, seq=record.seq)
        withheld = samples[packets:]
        offset = sum(record.slices[:packets])
        proof = RecordProof(
            seq=record.seq,
            head=record.head.pack().hex(),
            rkc=record.rkc.hex(),
            k=record.key.hex(),
            slices=tuple(record.slices),
            tag=record.tag.hex(),
            table=record.table.hex(),
            packets=packets,
            rest=tuple(h.hex() for h in slice_hashes_from_packets(record.key, withheld, offset=offset)),
        )
        if proof.inner(samples[:packets]) != segment.inner[record.seq]:
            raise ReleaseDiffers(segment=segment.segment, what=f"record {record.seq}")
        self._proofs.append(proof)
        if record.head.type is RecordType.GOP:
            self._groups.add(record.seq)
