"""What the tests of the sealing side start from: custodians with their keys, records, a volume with its keyring."""

import random
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.clock import SimClock
from nvr.base.ids import BootId, CameraId, RunId, SegmentId, uuid7
from nvr.base.units import Ticks90k, UtcUs
from storage.keyring import KeyRef, KeyringReader, KeyringWriter, create_place
from storage.records import CodecConfig, NoPredecessor, RandomAccess, Record, SegmentStart
from storage.sealing import RecordWritten, SealedSegment, SealerIdentity, SegmentFailure
from storage.svs1.contexts import record_key
from storage.svs1.header import Header, Predecessor, build
from storage.svs1.layout import RecordType
from storage.svs1.opening import decrypt, packets
from storage.svs1.reader import SegmentReader
from storage.svs1.writer import Scratch, SegmentWriter
from storage.vault.contexts import machine_wrap, share_wrap
from storage.vault.hpke import KeyPair
from storage.vault.seats import CustodianSet, Seat, SeatKey, WitnessPolicy
from storage.vault.shamir import join
from storage.volume import Volume, create_volume
from storage.volume_health import VolumeHealth
from storage.volume_service import VolumeService
from storage.volume_writer import VolumeWriter

NOW_US = UtcUs(1_790_000_000_000_000)
ORIGIN = "ville.example/scelle/2026"
CAMERA = CameraId("place-mairie")
CODEC = CodecConfig(codec="avc1.64001f", extradata=bytes(range(40)), width=1920, height=1080)
GOP_US = 2_000_000
GOP_90K = 180_000
RESERVE_BYTES = 64 << 10
"""Of the writers in tests: there are hundreds of volumes."""


@dataclass(frozen=True)
class Custodian:
    """A person with a seat: both private keys."""

    seat: int
    pair: KeyPair
    sign: Ed25519PrivateKey

    @property
    def key(self) -> SeatKey:
        return SeatKey(f"gardien {self.seat}", self.pair.public, self.sign.public_key().public_bytes_raw())


@dataclass(frozen=True)
class Custodians:
    """A custodian set with every private key that belongs to it."""

    set: CustodianSet
    holders: Sequence[Custodian]
    envelopes: Sequence[KeyPair]
    machine: KeyPair
    deputies: Sequence[Custodian] = ()


def seed(*what: object) -> bytes:
    """32 bytes that are the same in every run."""
    return sha256(repr(what).encode()).digest()


def pair(*what: object) -> KeyPair:
    """A key pair that is the same in every run."""
    return KeyPair(seed(*what))


@cache
def custodians(
    m: int = 2,
    n: int = 3,
    *,
    number: int = 1,
    envelopes: bool = False,
    deputies: bool = False,
    preset: str = "standard",
    witness: WitnessPolicy = WitnessPolicy.RECOMMENDED,
    previous: bytes | None = None,
) -> Custodians:
    """A set of n seats of which m must agree; with the same arguments the same keys."""
    holders = [
        Custodian(seat, pair("holder", number, seat), Ed25519PrivateKey.from_private_bytes(seed("sign", number, seat)))
        for seat in range(1, n + 1)
    ]
    others = [
        Custodian(seat, pair("deputy", number, seat), Ed25519PrivateKey.from_private_bytes(seed("other", number, seat)))
        for seat in range(1, n + 1)
    ]
    papers = [pair("envelope", number, seat) for seat in range(1, n + 1)] if envelopes else []
    machine = pair("machine")
    seats = tuple(
        Seat(
            number=holder.seat,
            role="custodian",
            holder=holder.key,
            deputy=others[holder.seat - 1].key if deputies else None,
            envelope=SeatKey("enveloppe", papers[holder.seat - 1].public, None) if papers else None,
        )
        for holder in holders
    )
    return Custodians(
        set=CustodianSet(
            origin=ORIGIN,
            number=number,
            preset=preset,
            m=m,
            seats=seats,
            machine=SeatKey("machine", machine.public, None),
            witness=witness,
            valid_from_utc_us=NOW_US,
            previous=previous,
        ),
        holders=holders,
        envelopes=papers,
        machine=machine,
        deputies=others if deputies else [],
    )


def segment_start(
    number: int = 0, *, camera: CameraId = CAMERA, start_utc_us: int = NOW_US, continues: SegmentId | None = None
) -> SegmentStart:
    """The start of a segment; its ids are the same in every run."""
    digits = seed("segment", camera, number, start_utc_us).hex()
    segment = f"{start_utc_us // 1000:012x}7{digits[:3]}8{digits[3:18]}"
    return SegmentStart(
        segment=SegmentId(segment),
        camera=camera,
        run=RunId(uuid7_of("run", camera)),
        start_utc_us=UtcUs(start_utc_us),
        clock_epoch=1,
        codec=CODEC,
        continues=continues,
    )


def uuid7_of(*what: object) -> str:
    """A UUIDv7 that is the same in every run."""
    digits = seed(*what).hex()
    return f"{NOW_US // 1000:012x}7{digits[:3]}8{digits[3:18]}"


def header_of(start: SegmentStart, *, previous: Predecessor = NoPredecessor.FIRST) -> Header:
    """The header of a segment under the default set."""
    return build(
        start,
        origin=ORIGIN,
        boot=BootId(uuid7_of("boot")),
        shard=0,
        set_hash=custodians().set.hash,
        previous=previous,
        software="scelle 0.1",
    )


def gop(
    number: int,
    packets: Sequence[bytes],
    *,
    start_utc_us: int = NOW_US,
    random_access: RandomAccess = RandomAccess.IDR,
    lost: int = 0,
) -> Record:
    """The record of one group of pictures, 2 s long, `number` groups after the segment's start."""
    return Record(
        start_utc_us=UtcUs(start_utc_us + number * GOP_US),
        pts_90k=Ticks90k(number * GOP_90K),
        dur_90k=GOP_90K,
        clock_epoch=1,
        random_access=random_access,
        lost=lost,
        data=bytearray(b"".join(packets)),
        sizes=array("I", map(len, packets)),
        pts_delta_90k=array("i", (at * 3600 for at in range(len(packets)))),
    )


def footage(seed_: int, gops: int = 3, packets: int = 4, size: int = 500) -> list[list[bytes]]:
    """Random packets by group of pictures; their bytes occur nowhere else."""
    source = random.Random(seed_)
    return [[source.randbytes(size + source.randrange(size)) for _ in range(packets)] for _ in range(gops)]


def seal_file(
    path: Path, groups: Sequence[Sequence[bytes]], *, closed: bool = True, dek: bytes = bytes(32)
) -> SegmentWriter:
    """Write a segment of these groups of pictures."""
    start = segment_start()
    writer = SegmentWriter(header_of(start), bytearray(dek), CODEC, Scratch())
    header, init = writer.opening()
    parts = [header, *map(bytes, init.parts)]
    writer.written(init)
    for number, units in enumerate(groups):
        sealed = writer.seal(gop(number, units))
        parts += map(bytes, sealed.parts)
        writer.written(sealed)
    parts += map(bytes, writer.closing() if closed else [])
    path.write_bytes(b"".join(parts))
    return writer


def service_of(volume: Volume, changed: Callable[[], None] = lambda: None) -> VolumeService:
    """The service of a volume in a recorder of shard 0, whose reserve has RESERVE_BYTES."""
    return VolumeService(volume, 0, VolumeHealth(SimClock(NOW_US)), RESERVE_BYTES, changed)


@dataclass
class Told:
    """Listens to a writer, and remembers; the hooks run in the writer's thread."""

    sealed_segments: list[SealedSegment] = field(default_factory=list)
    records: list[RecordWritten] = field(default_factory=list)
    failures: list[tuple[SegmentId, SegmentFailure]] = field(default_factory=list)
    losses: list[tuple[CameraId, UtcUs, UtcUs, SegmentFailure]] = field(default_factory=list)
    on_record: Callable[[], object] = lambda: None
    on_failure: Callable[[], object] = lambda: None

    def sealed(self, segment: SealedSegment) -> None:
        self.sealed_segments.append(segment)

    def record_written(self, record: RecordWritten) -> None:
        self.records.append(record)
        self.on_record()

    def records_lost(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs, why: SegmentFailure) -> None:
        self.losses.append((camera, from_utc_us, to_utc_us, why))

    def segment_failed(self, segment: SegmentId, camera: CameraId, why: SegmentFailure) -> None:
        self.failures.append((segment, why))
        self.on_failure()


class Recorder:
    """A volume with its keyring and its writer, in one directory; `told` is what the writer said."""

    def __init__(self, directory: Path, *, people: Custodians | None = None, sync_interval_s: float = 3600) -> None:
        self.people = people or custodians()
        self.clock = SimClock(NOW_US)
        self.places = [directory / "keys-a", directory / "keys-b"]
        for place in self.places:
            create_place(place)
        self.volume: Volume = create_volume(directory / "disk", ORIGIN, now_utc_us=NOW_US)
        self.keyring = KeyringWriter(self.places, 0, self.clock)
        self.keys = KeyringReader(self.places)
        self.told = Told()
        self.writer = self.new_writer(sync_interval_s=sync_interval_s)

    def new_writer(self, *, sync_interval_s: float = 3600) -> VolumeWriter:
        identity = SealerIdentity(
            origin=ORIGIN, boot=BootId(uuid7(NOW_US)), software="scelle 0.1", custodians=self.people.set
        )
        return VolumeWriter(
            self.volume,
            0,
            identity=identity,
            keyring=self.keyring,
            events=self.told,
            reserve_bytes=RESERVE_BYTES,
            sync_interval_s=sync_interval_s,
        )

    def record(self, start: SegmentStart, groups: Sequence[Sequence[bytes]], *, close: bool = True) -> None:
        """Hand a segment over, record by record."""
        self.writer.open_segment(start)
        for number, units in enumerate(groups):
            assert self.writer.append(start.segment, gop(number, units, start_utc_us=start.start_utc_us))
        if close:
            self.writer.close_segment(start.segment)

    def append(self, start: SegmentStart, first: int, groups: Sequence[Sequence[bytes]]) -> None:
        """Hand over more records of a segment, from the record number `first` on."""
        for number, group in enumerate(groups, first):
            assert self.writer.append(start.segment, gop(number, group, start_utc_us=start.start_utc_us))

    def path_of(self, start: SegmentStart) -> Path:
        return self.volume.sealed_path(start.camera, start.start_utc_us, start.segment)


def opened(recorder: Recorder, sealed: SealedSegment, people: Custodians) -> list[list[bytes]]:
    """The packets of a sealed segment, opened with the custodians' keys from the keyring's record."""
    path = recorder.volume.sealed_path(sealed.camera, sealed.start_utc_us, sealed.segment)
    return opened_file(path, sealed, recorder.keys, people)


def opened_file(path: Path, sealed: SealedSegment, keys: KeyringReader, people: Custodians) -> list[list[bytes]]:
    """The same of the segment's file."""
    record = keys.find(KeyRef(sealed.segment, sealed.start_utc_us, sealed.shard))
    assert record is not None
    assert record.sha256 == sealed.key_record_sha256
    pairs = {one.pair.public.kid: one.pair for one in people.holders}
    shares = {
        item.seat: pairs[item.wrap.kid].unwrap(item.wrap.ciphertext, share_wrap(record.hh, item.seat))
        for item in record.shares
    }
    machine = people.machine.unwrap(record.machine.ciphertext, machine_wrap(record.hh))
    dek = bytes(a ^ b for a, b in zip(machine, join(shares, record.m), strict=True))
    with SegmentReader(path) as reader:
        assert (reader.root, reader.hh, reader.file_bytes) == (sealed.root, sealed.hh, sealed.file_bytes)
        groups = []
        for found in reader.records():
            plaintext = decrypt(found, record_key(dek, reader.hh, found.head_bytes))
            if found.head.type is RecordType.GOP:
                groups.append([bytes(unit.data) for unit in packets(found.head, plaintext, found.lengths)])
        return groups
