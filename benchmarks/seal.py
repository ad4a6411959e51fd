"""The whole seal: keys, AES-256-GCM, hashes, writes; and what is done to sealed segments later."""

import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import randbytes
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.table import Row
from nvr.base.clock import SystemClock
from nvr.base.ids import BootId, CameraId, RunId, SegmentId, uuid7
from nvr.base.units import Ticks90k, UtcUs
from storage.keyring import KeyRef, KeyringKeeper, KeyringWriter, create_place
from storage.records import CodecConfig, RandomAccess, Record, SegmentStart
from storage.sealing import RecordWritten, SealedSegment, SealerIdentity, SegmentFailure
from storage.svs1.scan import scan
from storage.vault.hpke import KeyPair
from storage.vault.keyrecord import KeyRecord
from storage.vault.seal import new_segment_keys
from storage.vault.seats import CustodianSet, Seat, SeatKey, WitnessPolicy
from storage.volume import create_volume
from storage.volume_writer import VolumeWriter

SEGMENTS = 4
GOPS = 100
PACKETS = 50
PACKET_BYTES = 20_000
SHREDDED = 2000
SHREDS_PER_S = 1000.0
"""DESIGN.md "Numbers to reach": segments destroyed a second."""


class _Listener:
    def __init__(self) -> None:
        self.sealed_segments: list[SealedSegment] = []

    def sealed(self, segment: SealedSegment) -> None:
        self.sealed_segments.append(segment)

    def record_written(self, record: RecordWritten) -> None:
        pass

    def records_lost(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs, why: SegmentFailure) -> None:
        raise AssertionError(camera, from_utc_us, to_utc_us, why)

    def segment_failed(self, segment: SegmentId, camera: CameraId, why: SegmentFailure) -> None:
        raise AssertionError(segment, camera, why)


@dataclass
class _Spent:
    cpu_s: float = 0.0
    wall_s: float = 0.0


@contextmanager
def _measured() -> Iterator[_Spent]:
    spent = _Spent()
    cpu, wall = time.process_time(), time.perf_counter()
    yield spent
    spent.cpu_s, spent.wall_s = time.process_time() - cpu, time.perf_counter() - wall


def rows() -> list[Row]:
    """MB/s per core of sealing and of the keyless scan; segments opened and shredded a second."""
    with TemporaryDirectory(prefix="scelle-bench-") as directory:
        return [*_sealing(Path(directory)), *_keys(Path(directory))]


def custodians() -> CustodianSet:
    """Five seats of holder and deputy, two of which must agree: the standard preset at its largest."""

    def key(name: str) -> SeatKey:
        return SeatKey(name, KeyPair.generate().public, Ed25519PrivateKey.generate().public_key().public_bytes_raw())

    return CustodianSet(
        origin="bench.example/scelle",
        number=1,
        preset="standard",
        m=2,
        seats=tuple(Seat(at, "custodian", key(f"holder {at}"), key(f"deputy {at}")) for at in range(1, 6)),
        machine=SeatKey("machine", KeyPair.generate().public, None),
        witness=WitnessPolicy.RECOMMENDED,
        valid_from_utc_us=UtcUs(0),
    )


def _sealing(directory: Path) -> list[Row]:
    clock = SystemClock()
    places = [directory / "keys-a", directory / "keys-b"]
    for place in places:
        create_place(place)
    volume = create_volume(directory / "disk", "bench.example/scelle", now_utc_us=clock.utc_us())
    told = _Listener()
    identity = SealerIdentity("bench.example/scelle", BootId(uuid7(clock.utc_us())), "bench", custodians())
    writer = VolumeWriter(
        volume,
        0,
        identity=identity,
        keyring=KeyringWriter(places, 0, clock),
        events=told,
        queue_bytes=SEGMENTS * GOPS * PACKETS * (PACKET_BYTES + 100),
    )
    starts = [_start(clock.utc_us(), CameraId(f"cam-{at}")) for at in range(SEGMENTS)]
    for start in starts:
        writer.open_segment(start)
        for at in range(GOPS):
            assert writer.append(start.segment, _record(start.start_utc_us, at))
        writer.close_segment(start.segment)
    total = SEGMENTS * GOPS * PACKETS * PACKET_BYTES
    with _measured() as sealing:
        writer.start()
        writer.stop(drain=True)
    assert len(told.sealed_segments) == SEGMENTS
    paths = [volume.sealed_path(start.camera, start.start_utc_us, start.segment) for start in starts]
    with _measured() as scanning:
        for path in paths:
            assert scan(path).closed
    return [
        Row("seal: keys, AES, hashes, write; 1 MB groups", _mb(total, sealing.cpu_s), "MB/s of CPU", None, None),
        Row("the same, wall", _mb(total, sealing.wall_s), "MB/s", None, None),
        Row("keyless scan of sealed segments", _mb(total, scanning.cpu_s), "MB/s of CPU", None, None),
    ]


def _keys(directory: Path) -> list[Row]:
    clock = SystemClock()
    places = [directory / "ring-a", directory / "ring-b"]
    for place in places:
        create_place(place)
    people, now = custodians(), clock.utc_us()
    with _measured() as wrapping:
        made = [_key_record(people, now) for _ in range(100)]
    # What is shredded is shredded alike, whatever the wraps hold: 100 of them serve for all.
    records = [replace(made[at % len(made)], segment=SegmentId(uuid7(now))) for at in range(SHREDDED)]
    writer = KeyringWriter(places, 0, clock)
    writer.put(*records)
    writer.close()
    keeper = KeyringKeeper(places)
    with _measured() as shredding:
        done = keeper.shred(KeyRef(record.segment, record.start_utc_us, 0) for record in records)
    assert done.slots == 2 * SHREDDED
    rate = SHREDDED / shredding.wall_s
    return [
        Row("keys of a segment, 5 seats with deputies", wrapping.cpu_s / 100 * 1000, "ms of CPU", None, None),
        Row("shred, two places", rate, "segments/s", SHREDS_PER_S, rate >= SHREDS_PER_S),
    ]


def _key_record(people: CustodianSet, now: UtcUs) -> KeyRecord:
    segment = SegmentId(uuid7(now))
    return new_segment_keys(people, hh=randbytes(32), segment=segment, camera=CameraId("cam"), start_utc_us=now).record


def _start(now: UtcUs, camera: CameraId) -> SegmentStart:
    return SegmentStart(
        segment=SegmentId(uuid7(now)),
        camera=camera,
        run=RunId(uuid7(now)),
        start_utc_us=now,
        clock_epoch=1,
        codec=CodecConfig("avc1.64001f", bytes(40), 1920, 1080),
    )


def _record(start_utc_us: int, at: int) -> Record:
    return Record(
        start_utc_us=UtcUs(start_utc_us + at * 2_000_000),
        pts_90k=Ticks90k(at * 180_000),
        dur_90k=180_000,
        clock_epoch=1,
        random_access=RandomAccess.IDR,
        data=bytearray(randbytes(PACKETS * PACKET_BYTES)),
        sizes=array("I", [PACKET_BYTES] * PACKETS),
        pts_delta_90k=array("i", range(0, 3600 * PACKETS, 3600)),
    )


def _mb(size: int, seconds: float) -> float:
    return round(size / seconds / 1e6, 1)
