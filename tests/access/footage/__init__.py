"""Really encoded and really sealed footage, a real ledger, and a release made from both: what an export starts from."""

import asyncio
import base64
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from access.export.bundle import Bundle, Exporter, ExportOrder
from access.export.signing import ExportSigner
from access.grants.facts import PlaceText
from access.ports import Inclusion, SegmentAt
from nvr.base.clock import SimClock
from nvr.base.ids import AccountId, ActId, BootId, CameraId, GrantId, RequisitionNo, RunId, SegmentId, uuid7
from nvr.base.jcs import Json, canonical
from nvr.base.units import Ticks90k, UtcUs, us_from_ticks
from nvr.sim.camera import Codec
from nvr.sim.encoder import AccessUnit, Encoder, Encoding, ParameterSets, nal_type
from nvr.sim.picture import Painter
from recorder.gop import GopBuilder
from recorder.h265_sets import H265Sets
from storage.ledger.entries import ACCESS, Actor, body_from, build
from storage.ledger.machine import SEGMENTS_PER_ENTRY, Body, Open, Release, Seal
from storage.ledger.note import open_checkpoint
from storage.ledger.people import Grant
from storage.ledger.store import Leaf, Ledger, create_ledger
from storage.records import CodecConfig, NoPredecessor, RandomAccess, Record, SegmentStart
from storage.register.ports import StoredLeaf
from storage.svs1 import header as headers
from storage.svs1.contexts import front_path, record_key
from storage.svs1.header import Header
from storage.svs1.layout import RecordHead, parse_table
from storage.svs1.opening import decrypt
from storage.svs1.reader import SegmentReader
from storage.svs1.scope import SegmentHeads, segments_in_scope
from storage.svs1.writer import Scratch, SegmentWriter
from storage.vanished import Vanished

ORIGIN = "ville.example/scelle/2026"
START_UTC_US = UtcUs(1_790_000_000_000_000)
FPS = 25
FRAME_90K = 90_000 // FPS
FRAME_US = 1_000_000 // FPS
CAMERA = CameraId("place-mairie")
OFFICER = AccountId("officier.durand")
PLACE = PlaceText(START_UTC_US, None, "point 12, place de la Mairie", False, 457_640_000, 48_357_000)
CRA = 21
"""ITU-T H.265 table 7-1."""
SET_HASH = sha256(b"a custodian set").digest()


@cache
def encode(
    frames: int, *, gop_frames: int = FPS, b_frames: int = 0, codec: Codec = "h264", open_gop: bool = False
) -> tuple[ParameterSets, tuple[AccessUnit, ...]]:
    """Pictures from a drawn clock, in decoding order; the first is shown at 0."""
    # At the same bit rate libx265's quickest preset leaves some clocks unreadable.
    bitrate_bps = 120_000 if codec == "h264" else 300_000
    encoder = Encoder(Encoding(160, 90, FPS, gop_frames, bitrate_bps, b_frames, codec, open_gop))
    painter = Painter(name="cam", width=160, height=90)
    units: list[AccessUnit] = []
    for number in range(frames):
        units += encoder.encode(painter.draw(START_UTC_US + number * FRAME_US), number * FRAME_90K)
    return encoder.parameter_sets, (*units, *encoder.flush())


def codec_of(sets: ParameterSets) -> CodecConfig:
    """As the recorder stores it."""
    if sets.codec == "h265":
        known = H265Sets()
        for nal in sets.nals:
            known.offer(nal)
        config = known.config()
        assert config is not None
        return config
    sps, pps = sets.sps, sets.pps
    avcc = bytes([1, *sps[1:4], 0xFF, 0xE1]) + struct.pack(">H", len(sps)) + sps
    avcc += bytes([1]) + struct.pack(">H", len(pps)) + pps
    return CodecConfig(codec=f"avc1.{sps[1:4].hex()}", extradata=avcc, width=160, height=90)


def sample(unit: AccessUnit) -> bytes:
    """The access unit as an MP4 sample."""
    return b"".join(struct.pack(">I", len(nal)) + nal for nal in unit.nals)


def _is_cra(unit: AccessUnit) -> bool:
    return unit.codec == "h265" and any(nal_type(nal, "h265") == CRA for nal in unit.nals)


def records_of(
    units: Sequence[AccessUnit],
    *,
    start_utc_us: int = START_UTC_US,
    pts_origin_90k: int = 0,
    most_frames: int | None = None,
) -> list[Record]:
    """One record per group of pictures, as the recorder makes them; or several, of so many frames at most."""
    gop, records, data = GopBuilder(step_90k=FRAME_90K), [], bytearray()
    for unit in units:
        if gop.units and (unit.key or gop.units == most_frames):
            records.append(gop.close(data, next_90k=unit.pts_90k))
            data = bytearray()
        kind = RandomAccess.CRA if _is_cra(unit) else RandomAccess.IDR
        content = sample(unit)
        gop.add(unit.pts_90k, len(content), kind if unit.key else RandomAccess.NONE, 0)
        data += content
    records.append(gop.close(data, next_90k=None))
    for record in records:
        record.start_utc_us, record.clock_epoch = UtcUs(start_utc_us + us_from_ticks(record.pts_90k)), 1
        record.pts_90k = Ticks90k(record.pts_90k + pts_origin_90k)
    return records


def observed(records: Sequence[Record]) -> list[Record]:
    """The same records, each with what a dome said in the middle of it."""
    for number, record in enumerate(records):
        record.observations = canonical([observation(number, record.start_utc_us)])
    return list(records)


def observation(number: int, start_utc_us: int) -> dict[str, Json]:
    """What the dome said in the middle of a second."""
    return {
        "k": "ptz",
        "t_utc_us": start_utc_us + 500_000,
        "pan_mdeg": 1_000 * number,
        "tilt_mdeg": -5_000,
        "zoom_milli": 0,
        "preset": None,
    }


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A sealed file with its data key and its `seal` entry."""

    path: Path
    header: Header
    dek: bytearray
    codec: CodecConfig
    seal_index: int


@dataclass(frozen=True, slots=True)
class FakeSegment:
    segment: SegmentId
    camera: CameraId
    header: Mapping[str, Json]
    header_json: bytes
    commit: bytes
    codec: CodecConfig
    inner: Sequence[bytes]
    root: bytes
    seal_index: int


@dataclass(frozen=True, slots=True)
class FakeRecord:
    segment: SegmentId
    seq: int
    head: RecordHead
    rkc: bytes
    key: bytes
    slices: Sequence[int]
    tag: bytes
    table: bytes
    packets: Sequence[tuple[memoryview, int]]


@dataclass(frozen=True, slots=True)
class FakeFront:
    seq: int
    head: RecordHead
    rkc: bytes
    slices: Sequence[int]
    path: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class FakeGrant:
    grant: GrantId
    requisition: RequisitionNo
    cameras: Sequence[CameraId]
    from_utc_us: UtcUs
    to_utc_us: UtcUs
    valid_until_utc_us: UtcUs
    opener: AccountId
    grant_index: int
    release_indices: Sequence[int]
    open_index: int | None
    places: Mapping[CameraId, Sequence[PlaceText]]


@dataclass(frozen=True, slots=True)
class FakeGap:
    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    cause: str


@dataclass(frozen=True, slots=True)
class FakeIndex:
    known: Mapping[CameraId, Sequence[FakeGap]] = field(default_factory=dict)
    gone: Mapping[CameraId, Sequence[Vanished]] = field(default_factory=dict)

    async def gaps(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Sequence[FakeGap]:
        return self.known.get(camera, ())

    async def vanished(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Sequence[Vanished]:
        return self.gone.get(camera, ())


@dataclass(frozen=True, slots=True)
class FakeRelease:
    """Opens what the grant covers with the data keys; what it hands out is what `access.release` would."""

    grant: FakeGrant
    sealed: Sequence[SealedSegment]
    unreadable: Mapping[SegmentId, str] = field(default_factory=dict)
    whereabouts: Mapping[SegmentId, SegmentAt] = field(default_factory=dict)
    missing: Mapping[SegmentId, Collection[int]] = field(default_factory=dict)

    def demand(self) -> None:
        """Nothing ends here."""

    def segments(self, camera: CameraId) -> Sequence[FakeSegment]:
        found = []
        for sealed in self.sealed:
            with SegmentReader(sealed.path) as reader:
                granted = self._granted(reader)
                if sealed.header.camera == camera and granted:
                    found.append(
                        FakeSegment(
                            segment=sealed.header.segment,
                            camera=camera,
                            header={},
                            header_json=sealed.header.json_bytes,
                            commit=reader.commit,
                            codec=sealed.codec,
                            inner=[entry.inner for entry in reader.entries],
                            root=reader.root,
                            seal_index=sealed.seal_index,
                        )
                    )
        return found

    def records(self, segment: SegmentId) -> Iterator[FakeRecord]:
        (sealed,) = [one for one in self.sealed if one.header.segment == segment]
        with SegmentReader(sealed.path) as reader:
            for seq in self._granted(reader):
                if seq in self.missing.get(segment, ()):
                    continue
                record = reader.record(seq)
                key = record_key(sealed.dek, reader.hh, record.head_bytes)
                plaintext = memoryview(decrypt(record, key))
                lengths = list(record.lengths)
                table = bytes(plaintext[len(plaintext) - lengths[-1] :])
                packets, at = [], 0
                for delta, length in zip(parse_table(table) if record.head.packet_count else (), lengths, strict=False):
                    packets.append((plaintext[at : at + length], record.head.pts_90k + delta))
                    at += length
                yield FakeRecord(
                    segment=segment,
                    seq=seq,
                    head=record.head,
                    rkc=record.rkc,
                    key=key,
                    slices=lengths,
                    tag=bytes(record.tag),
                    table=table,
                    packets=packets,
                )

    def front(self, segment: SegmentId, seq: int) -> FakeFront | None:
        (sealed,) = [one for one in self.sealed if one.header.segment == segment]
        with SegmentReader(sealed.path) as reader:
            record = reader.record(seq)
            path = front_path(record.front, record.slices, record.tag)
            return FakeFront(seq, record.head, record.rkc, record.lengths, path)

    def _granted(self, reader: SegmentReader) -> list[int]:
        known = []
        for sealed in self.sealed:
            with SegmentReader(sealed.path) as other:
                header = other.header
                known.append(SegmentHeads(header.segment, header.start_utc_us, header.continues, other.heads))
        granted = segments_in_scope(known, self.grant.from_utc_us, self.grant.to_utc_us)
        return granted.get(reader.header.segment, [])


class Town:
    """A directory with a real ledger and sealed files; the asynchronous port of the ledger is the town itself."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = SimClock(START_UTC_US + 3_600_000_000)
        create_ledger(directory / "ledger", ORIGIN, self.clock.utc_us())
        self.store = Ledger(directory / "ledger", ORIGIN)
        self.public = Ed25519PublicKey.from_public_bytes(self.store.public_key_raw)
        self.sealed: list[SealedSegment] = []
        self.appended: list[str] = []
        (directory / "staging").mkdir()

    def close(self) -> None:
        self.store.close()

    def run(self) -> RunId:
        return RunId(uuid7(self.clock.utc_us()))

    def seal(
        self, records: Sequence[Record], codec: CodecConfig, *, camera: CameraId = CAMERA, run: RunId | None = None
    ) -> SealedSegment:
        """Seal the records into a file and log it."""
        start = SegmentStart(
            segment=SegmentId(uuid7(records[0].start_utc_us)),
            camera=camera,
            run=run or self.run(),
            start_utc_us=records[0].start_utc_us,
            clock_epoch=records[0].clock_epoch,
            codec=codec,
        )
        return self.seal_segment(start, records)

    def seal_segment(self, start: SegmentStart, records: Sequence[Record]) -> SealedSegment:
        """The same for a segment whose start the recorder told."""
        header = headers.build(
            start,
            origin=ORIGIN,
            boot=BootId(uuid7(START_UTC_US)),
            shard=0,
            set_hash=SET_HASH,
            previous=NoPredecessor.FIRST,
            software="scelle 0",
        )
        dek = bytearray(sha256(start.segment.encode()).digest())
        writer = SegmentWriter(header, dek, start.codec, Scratch())
        path = self.directory / f"{start.segment}.svs"
        with path.open("wb") as file:
            packed, init = writer.opening()
            file.write(packed)
            file.writelines(init.parts)
            writer.written(init)
            for record in records:
                one = writer.seal(record)
                file.writelines(one.all_parts)
                writer.written(one)
            file.writelines(writer.closing())
        last = records[-1]
        index = self.log(
            Seal(
                seg=start.segment,
                camera=start.camera,
                run=start.run,
                shard=0,
                volume=uuid7(START_UTC_US),
                start_utc_us=start.start_utc_us,
                end_utc_us=last.start_utc_us + us_from_ticks(last.dur_90k),
                clock_epoch=start.clock_epoch,
                records=writer.count,
                root=writer.root().hex(),
                hh=header.hh.hex(),
                file_bytes=path.stat().st_size,
                ct_bytes=0,
                lost=0,
                key_record=None,
                set=SET_HASH.hex(),
                point=None,
                placement=None,
                authorisation=None,
                recovered=False,
            )
        )
        sealed = SealedSegment(path, header, dek, start.codec, index)
        self.sealed.append(sealed)
        return sealed

    def log(self, body: Body, *, actor: Actor = ACCESS, act: str | None = None) -> int:
        """Append one entry."""
        entry = build(body, ts_utc_us=self.clock.utc_us(), actor=actor, act=act)
        ((appended,),) = self.store.append_groups([[Leaf.of(entry)]])
        self.store.sign()
        return appended.index

    def grant(
        self,
        from_utc_us: int,
        to_utc_us: int,
        *,
        cameras: Sequence[CameraId] = (CAMERA,),
        opened: bool = True,
        per_release: int = SEGMENTS_PER_ENTRY,
    ) -> FakeRelease:
        """Grant, release and open an interval of the cameras; so many segments at most in one release entry."""
        body = Grant(
            grant=uuid7(self.clock.utc_us()),
            requisition="R-2026-000123",
            cameras=tuple(cameras),
            from_utc_us=from_utc_us,
            to_utc_us=to_utc_us,
            valid_until_utc_us=self.clock.utc_us() + 15 * 86_400_000_000,
            opener=OFFICER,
            requested_by="officier.petit",
            release_public=base64.b64encode(bytes(1216)).decode(),
            checked="0" * 64,
        )
        grant_index = self.log(body, actor=Actor(id="valideur", role="validator"), act=uuid7(self.clock.utc_us()))
        grant = FakeGrant(
            grant=GrantId(body.grant),
            requisition=RequisitionNo(body.requisition),
            cameras=cameras,
            from_utc_us=UtcUs(from_utc_us),
            to_utc_us=UtcUs(to_utc_us),
            valid_until_utc_us=UtcUs(body.valid_until_utc_us),
            opener=OFFICER,
            grant_index=grant_index,
            release_indices=(),
            open_index=None,
            places={camera: [PLACE] for camera in cameras},
        )
        release = FakeRelease(grant, tuple(self.sealed))
        segments = [segment.segment for camera in cameras for segment in release.segments(camera)]
        if not opened:
            return release
        releases = [
            self.log(Release(grant=grant.grant, set=SET_HASH.hex(), segs=tuple(segments[first : first + per_release])))
            for first in range(0, max(1, len(segments)), per_release)
        ]
        opening = Open(grant=grant.grant, seats=(1, 3), segs=len(segments), records=len(segments))
        open_index = self.log(opening)
        return replace(release, grant=replace(grant, release_indices=releases, open_index=open_index))

    async def entry(self, index: int) -> bytes:
        return await asyncio.to_thread(self.store.entry, index)

    async def proof(self, index: int, size: int | None = None) -> Inclusion:
        return await asyncio.to_thread(self._proof, index, size)

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> Sequence[StoredLeaf]:
        return await asyncio.to_thread(self._append, entries)

    def _proof(self, index: int, size: int | None) -> Inclusion:
        checkpoint = self.store.checkpoint(size)
        assert checkpoint is not None
        size = open_checkpoint(checkpoint, self.public).size
        return Inclusion(checkpoint, index, tuple(self.store.inclusion(index, size)))

    def _append(self, entries: Sequence[Mapping[str, Json]]) -> list[StoredLeaf]:
        stored = []
        for entry in entries:
            match entry:
                case {"t": str(t), "act": str(act), "actor": {"id": str(who), "role": str(role)}, "body": dict(body)}:
                    index = self.log(body_from(t, body), actor=Actor(id=who, role=role), act=act)
                    stored.append(StoredLeaf(index, self.store.entry(index)))
                    self.appended.append(t)
        return stored

    def exporter(self, index: FakeIndex | None = None) -> Exporter:
        """An exporter into this town's staging directory."""
        return Exporter(
            staging=self.directory / "staging",
            ledger=self,
            index=index or FakeIndex(),
            signer=signer(),
            origin=ORIGIN,
            log_public=self.public,
            software="0.1",
            clock=self.clock,
        )

    def export(self, release: FakeRelease, *, number: int = 1, index: FakeIndex | None = None) -> Bundle:
        """The bundle of this release, on an event loop of its own."""
        order = ExportOrder(act=ActId(uuid7(self.clock.utc_us())), number=number, facts={"authority": "TJ de Lyon"})
        return asyncio.run(self.exporter(index).export(release, order))


@cache
def signer() -> ExportSigner:
    """One key for all tests: RSA keys take long to find."""
    return ExportSigner(generate_private_key(65537, 3072))
