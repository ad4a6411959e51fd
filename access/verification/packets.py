"""Step 6: each sample, sealed again with its record's key, gives the hashes that the ledger holds.

So does what was observed meanwhile, and the positions beside a movie are what was sealed.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import BinaryIO

from access.export.layout import entry_path, records_path, seal_name
from access.export.leading import undecodable_first
from access.export.manifest import Item, UnshownSegment
from access.export.recordproof import RecordProof
from access.export.template import sample_entry_type
from access.export.timing import ranges_of
from access.verification.movie import Movie
from access.verification.positions import check_positions, positions_of_no_movie
from access.verification.report import CannotRun, Facts, Finding, finding
from access.verification.subject import Subject, as_finding
from access.verification.weave import WovenRecord, heads, weave
from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json
from storage.ledger import machine
from storage.svs1.contexts import header_hash, segment_root
from storage.svs1.header import parse_json
from storage.svs1.layout import RecordType
from storage.svs1.opening import check_key, codec_config


def check_packets(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 6: samples to inner roots, inner roots to the segment's root, that to its `seal` entry."""
    segments = {one.seg: one for one in subject.sealed}
    for segment in segments.values():
        try:
            yield from _segment(subject, segment)
            yield from _without_samples(subject, segment.seg)
        except CannotRun as stopped:
            yield stopped.found
    samples = 0
    for item in subject.manifest.items:
        try:
            woven = weave(subject, item)
            with subject.path(item.path).open("rb") as file:
                yield from _samples(subject, item, woven, file)
            samples += item.frames
            yield from check_positions(subject, item, woven)
        except CannotRun as stopped:
            yield stopped.found
        except OSError as error:
            yield finding("file-unreadable", item.path, why=str(error.strerror))
    yield from positions_of_no_movie(subject)
    facts["segments"], facts["samples"] = len(segments), samples


def _segment(subject: Subject, segment: UnshownSegment) -> Iterator[Finding]:
    """Header, commitment and inner roots make the root; the header is of this camera, these movies' run and segment."""
    file = records_path(segment.seg)
    records = subject.records(segment.seg)
    header_json = records.header.encode()
    try:
        header = parse_json(header_json, file=file)
    except EvidenceAtRisk as error:
        raise CannotRun(as_finding(error, file)) from error
    hh = header_hash(header_json)
    inner = [bytes.fromhex(one) for one in records.inner]
    if segment_root(hh, bytes.fromhex(records.commit), inner).hex() != segment.root:
        yield finding("root-differs", file)
    seal = subject.entry(seal_name(segment.seg)).body
    if not isinstance(seal, machine.Seal) or (seal.hh, seal.root) != (hh.hex(), segment.root):
        yield finding("seal-differs", file, entry=entry_path(seal_name(segment.seg)))
    runs = {item.run for item in subject.manifest.items for one in item.segments if one.seg == segment.seg}
    if (header.segment, header.camera) != (segment.seg, segment.camera) or not runs <= {header.run}:
        yield finding("header-differs", file)


def _without_samples(subject: Subject, segment: str) -> Iterator[Finding]:
    """Records of which no movie has a sample: their tables count as evidence, so they must be what was sealed.

    So do side records, which are what the positions beside a movie are compared with.
    """
    for proof, head in heads(subject, segment):
        if head.type is RecordType.SIDE or (head.type is RecordType.GOP and not proof.packets):
            whole = head.type is RecordType.SIDE
            yield from _record(subject, records_path(segment), segment, proof, [], whole=whole)


def _samples(subject: Subject, item: Item, woven: list[WovenRecord], file: BinaryIO) -> Iterator[Finding]:
    movie = subject.movie(item)
    for name, records in groupby(woven, key=lambda one: one.segment.seg):
        yield from _decoder(subject, item, movie, name)
        for one in records:
            samples = [_read(file, movie, one.first + packet) for packet in one.packets]
            yield from _record(subject, item.path, name, one.proof, samples, whole=one.whole)
            if one is woven[0]:
                yield from _undecodable(subject, item, one, samples)


def _undecodable(subject: Subject, item: Item, first: WovenRecord, samples: list[bytes]) -> Iterator[Finding]:
    """The frames that no player can show are those listed, and no others are called so."""
    grant = subject.manifest.grant
    times = [first.pts_90k(packet) for packet in first.packets]
    numbers = [
        at
        for at in undecodable_first(first.head.random_access, times, samples)
        if grant.from_utc_us <= first.wall_utc_us(at) < grant.to_utc_us
    ]
    if item.undecodable != ranges_of(numbers):
        yield finding("undecodable-list-differs", item.path)


def _record(
    subject: Subject, path: str, segment: str, proof: RecordProof, samples: list[bytes], *, whole: bool
) -> Iterator[Finding]:
    """A record's key, samples and tag against its commitment and its inner root."""
    where: dict[str, Json] = {"segment": segment, "seq": proof.seq}
    file = records_path(segment)
    try:
        check_key(bytes.fromhex(proof.k), bytes.fromhex(proof.rkc), seq=proof.seq)
    except EvidenceAtRisk as error:
        yield as_finding(error, file)
    if [len(sample) for sample in samples] != list(proof.slices[: len(samples)]):
        yield finding("sample-size-differs", path, **where)
    if proof.inner(samples) != _sealed_inner(subject, segment, proof.seq):
        yield finding("samples-forged", path, **where)
    if whole and not proof.seals(samples):
        yield finding("tag-differs", file, **where)


def _decoder(subject: Subject, item: Item, movie: Movie, segment: str) -> Iterator[Finding]:
    """The movie is decoded as the sealed init record says."""
    file = records_path(segment)
    inits = [proof for proof, head in heads(subject, segment) if head.type is RecordType.INIT]
    if not inits:
        yield finding("init-missing", file)
        return
    init = inits[0]
    if not init.seals([]) or init.inner([]) != _sealed_inner(subject, segment, init.seq):
        yield finding("init-forged", file)
    try:
        codec = codec_config(bytes.fromhex(init.table))
        same = sample_entry_type(codec.codec) == movie.sample_entry and codec.extradata == movie.configuration
    except EvidenceAtRisk as error:
        yield as_finding(error, file)
        return
    if not same or (codec.codec, codec.width, codec.height) != (item.codec, item.width, item.height):
        yield finding("decoder-differs", item.path)


def _sealed_inner(subject: Subject, segment: str, seq: int) -> bytes | None:
    """The inner root of a record, as the segment's root has it."""
    inner = subject.records(segment).inner
    return bytes.fromhex(inner[seq]) if seq < len(inner) else None


def _read(file: BinaryIO, movie: Movie, at: int) -> bytes:
    sample = movie.samples[at]
    file.seek(sample.offset)
    return file.read(sample.size)
