"""Footage that is there already: files, key slots, ledger and index of as many segments as one likes, within minutes.

Names, directories, entries and slots are what recording leaves; what stands in the files is not, since nobody reads it
here. Slots that nobody destroys have their head alone, and files may be empty: a million whole ones are 150 TB.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from config.model import Settings
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import US_PER_SECOND, UtcUs
from storage import disk
from storage.days import utc_day
from storage.index.writer import Index
from storage.keyring.layout import FIRST_SLOT, SLOT_HEAD_BYTES, FileHead, pack_slot, slot_bytes_for
from storage.ledger.entries import build, encode
from storage.ledger.machine import Seal
from storage.ledger.reader import DATABASE_NAME, LedgerReader
from storage.ledger.store import Leaf, Ledger
from storage.volume import Volume, open_volume

SEGMENT_US: Final = 300 * US_PER_SECOND
SLOT_BYTES: Final = slot_bytes_for(11, 5)
"""Of five seats with holder and deputy, and the machine."""
_SEALED_BYTES: Final = 150_000_000
_ID, _START, _END = "00000000000070008000000000000000", 1_111_111_111_111_111, 1_222_222_222_222_222
_GROUP: Final = 10_000


@dataclass(frozen=True, slots=True)
class Old:
    """One segment of the stock."""

    camera: CameraId
    start_utc_us: UtcUs
    segment: SegmentId


def fill(
    settings: Settings, segments: int, *, cameras: int, newest_utc_us: int, file_bytes: int, whole_slots: bool
) -> float:
    """Make the stock, of cameras `old-000` and so on, in a system whose roles are stopped; seconds for its index."""
    stock = list(_segments(segments, cameras, newest_utc_us))
    volume = open_volume(settings.volume[0].path, settings.system.origin)
    _write_files(volume, stock, file_bytes)
    for place in settings.keyring.places:
        _write_slots(place, stock, whole=whole_slots)
    _write_ledger(settings, volume, stock)
    begun = perf_counter()
    _write_index(settings)
    return perf_counter() - begun


def _segments(count: int, cameras: int, newest_utc_us: int) -> Iterator[Old]:
    source = random.Random(1)
    oldest_utc_us = newest_utc_us - (count // cameras + 1) * SEGMENT_US
    for number in range(count):
        begin = oldest_utc_us + number // cameras * SEGMENT_US + number % cameras * US_PER_SECOND
        digits = f"{source.getrandbits(72):018x}"
        name = SegmentId(f"{begin // 1000:012x}7{digits[:3]}8{digits[3:]}")
        yield Old(CameraId(f"old-{number % cameras:03}"), UtcUs(begin), name)


def _write_files(volume: Volume, stock: list[Old], file_bytes: int) -> None:
    made: set[Path] = set()
    for old in stock:
        path = volume.sealed_path(old.camera, old.start_utc_us, old.segment)
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        if file_bytes:
            disk.allocate(fd, file_bytes)
        os.close(fd)


def _write_slots(place: Path, stock: list[Old], *, whole: bool) -> None:
    days: dict[str, list[Old]] = {}
    for old in stock:
        days.setdefault(utc_day(old.start_utc_us), []).append(old)
    secret = random.Random(2).randbytes(SLOT_BYTES * 4 // 5) if whole else b""
    for day, olds in days.items():
        head = FileHead(SLOT_BYTES, shard=0, day=day, set_hash=bytes(32))
        path = place / head.name
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        os.pwrite(fd, head.pack(), 0)
        for number, old in enumerate(olds):
            slot = pack_slot(old.segment, secret, SLOT_BYTES)
            os.pwrite(fd, slot if whole else slot[:SLOT_HEAD_BYTES], FIRST_SLOT + number * SLOT_BYTES)
        os.ftruncate(fd, FIRST_SLOT + len(olds) * SLOT_BYTES)
        os.close(fd)


def _write_ledger(settings: Settings, volume: Volume, stock: list[Old]) -> None:
    # One entry is made, and its values are put in the place of others of the same length: a million would take hours.
    body = Seal(
        seg=_ID,
        camera="old-000",
        run=_ID.replace("8", "9"),
        volume=volume.id,
        shard=0,
        start_utc_us=_START,
        end_utc_us=_END,
        clock_epoch=1,
        records=151,
        root="11" * 32,
        hh="22" * 32,
        file_bytes=_SEALED_BYTES,
        ct_bytes=_SEALED_BYTES,
        lost=0,
        key_record="33" * 32,
        set="44" * 32,
        point=None,
        placement=None,
        authorisation=None,
        recovered=False,
    )
    form = encode(build(body, ts_utc_us=SystemClock().utc_us())).decode("ascii")
    ledger = Ledger(settings.paths.ledger, settings.system.origin)
    try:
        for first in range(0, len(stock), _GROUP):
            ledger.append_groups([[_leaf(form, old) for old in stock[first : first + _GROUP]]])
        ledger.sign()
    finally:
        ledger.close()


def _leaf(form: str, old: Old) -> Leaf:
    text = form.replace(_ID, old.segment).replace("old-000", old.camera).replace(str(_START), str(old.start_utc_us))
    text = text.replace(str(_END), str(old.start_utc_us + SEGMENT_US))
    return Leaf(text.encode("ascii"), "seal", None, None)


def _write_index(settings: Settings) -> None:
    reader, index = LedgerReader(settings.paths.ledger / DATABASE_NAME), Index(settings.paths.index)
    try:
        index.catch_up(reader.size(), reader.entries)
    finally:
        index.close()
        reader.close()
