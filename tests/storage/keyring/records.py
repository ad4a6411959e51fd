"""Key records without the cost of real wraps: the keyring never looks into them."""

from pathlib import Path

from nvr.base.clock import SimClock
from nvr.base.ids import SegmentId
from nvr.base.units import US_PER_DAY, UtcUs
from storage.days import utc_day_end_us
from storage.keyring import KeyRef, KeyringWriter
from storage.vault.keyrecord import KeyRecord, ShareWrap, Wrap
from tests.storage.sealed import CAMERA, NOW_US, seed, segment_start

SET_HASH = bytes(range(32))
DAY = "20260921"
AFTER_US = UtcUs(utc_day_end_us(DAY) + US_PER_DAY)
"""The first instant at which the keeper may touch the files of that day as its own."""


def key_record(number: int, *, start_utc_us: int = NOW_US, set_hash: bytes = SET_HASH) -> KeyRecord:
    """A key record whose wraps are random bytes that occur nowhere else."""
    start = segment_start(number, start_utc_us=start_utc_us)
    wraps = [Wrap(seed("kid", seat).hex()[:32], seed("wrap", number, seat) * 36) for seat in range(4)]
    return KeyRecord(
        segment=start.segment,
        camera=CAMERA,
        start_utc_us=UtcUs(start_utc_us),
        hh=seed("hh", number),
        set_hash=set_hash,
        m=2,
        n=3,
        machine=wraps[0],
        shares=tuple(ShareWrap(seat, wraps[seat]) for seat in (1, 2, 3)),
        share_hashes={seat: seed("sh", number, seat) for seat in (1, 2, 3)},
    )


def ref(record: KeyRecord, shard: int = 0) -> KeyRef:
    return KeyRef(record.segment, record.start_utc_us, shard)


def secret(record: KeyRecord) -> bytes:
    """Bytes that are in the slot as long as the key record is."""
    return record.hh.hex().encode()


def writer(places: list[Path], shard: int = 0) -> KeyringWriter:
    return KeyringWriter(places, shard, SimClock(NOW_US))


def holding(places: list[Path], record: KeyRecord) -> list[str]:
    """The files that hold this key record, whole or in part, by their path in their place."""
    return sorted(
        f"{place.name}/{path.relative_to(place)}"
        for place in places
        for path in place.rglob("*.keys")
        if secret(record) in path.read_bytes()
    )


def tombstones(path: Path) -> list[SegmentId]:
    """The segments whose slots in this file are shredded."""
    data = path.read_bytes()
    slot_bytes = int.from_bytes(data[8:12], "little")
    slots = [data[at : at + 32] for at in range(4096, len(data), slot_bytes)]
    return [SegmentId(slot[16:].hex()) for slot in slots if slot[:5] == b"SLOT\x02"]


def open_files() -> int:
    """How many descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
