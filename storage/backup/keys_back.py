"""Keys brought back from a backup, but for those of footage that is destroyed, or should be by now (R6, R7)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from typing import Final

from nvr.base.ids import SegmentId
from nvr.base.units import UtcUs
from storage.backup.age import Identities, decrypt
from storage.backup.keys import merge, read_places
from storage.backup.layout import Layout
from storage.backup.making import Told
from storage.backup.manifest import KEYS
from storage.backup.reading import Found
from storage.durable import make_directory, remove_file, rename_file
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.keeping.surveys import decisions_at
from storage.keyring import create_place
from storage.keyring.layout import SlotState
from storage.keyring.places import KeyringFile
from storage.retention import Verdict

_PAGE: Final = 5000
_ALL: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class KeysBack:
    """What came of the keys. `judged_utc_us`: the time by which deadlines were judged."""

    live: int
    kept_back: int
    """Keys that the backup had and that did not come back: destroyed, or past their deadline."""
    without_key: int
    """Segments that should exist, and of which no copy of the key is left."""
    judged_utc_us: UtcUs


def bring_back(
    layout: Layout,
    found: Found,
    identities: Identities,
    index: IndexReader,
    zone: tzinfo,
    now_utc_us: UtcUs,
    told: Told,
) -> KeysBack:
    """Fill the places, which are made where they are missing; what a place has already is kept, tombstones first.

    Raises:
        NotForThisIdentity, BackupDamaged: a part does not open.
        OSError: a disk refused.
    """
    places = layout.settings.keyring.places
    for place in places:
        create_place(place)
    due = {one.segment.seg for one in decisions_at(index, zone, now_utc_us) if one.verdict is Verdict.DUE}
    due |= {row.seg for row in index.doomed(now_utc_us, _ALL)}
    there = read_places(places).copies
    parts = () if found.keys is None else found.keys.parts
    live: set[SegmentId] = set()
    kept_back = 0
    for done, part in enumerate(parts):
        told("keys", done, len(parts))
        if found.keys_at is None:
            break
        clear = layout.work / "key-file"
        decrypt(found.keys_at.path / part.name, clear, identities)
        name = part.name.removeprefix(f"{KEYS}/").removesuffix(".age")
        before = set(_live_in([clear]))
        without = due | _gone(index, before)
        for place in places:
            live |= _put(place / name, [clear, *there.get(name, ())], without)
        remove_file(clear)
        kept_back += len(before - live)
    copies = (copy for name, found_at in there.items() for copy in found_at)
    live.update(_live_in(copies))
    return KeysBack(len(live), kept_back, _without_key(index, live | due), now_utc_us)


def _put(target: Path, copies: list[Path], without: set[SegmentId]) -> frozenset[SegmentId]:
    beside = target.with_name(f".{target.name}.new")
    make_directory(target.parent)
    remove_file(beside)
    merged = merge(copies, beside, without=without)
    if merged is None:
        return frozenset()
    rename_file(beside, target)
    return merged.live


def _gone(index: IndexReader, segments: Iterable[SegmentId]) -> set[SegmentId]:
    left, gone = iter(segments), set()
    while page := list(islice(left, _PAGE)):
        gone |= {row.seg for row in index.gone_among(page)}
    return gone


def _live_in(copies: Iterable[Path]) -> Iterator[SegmentId]:
    for copy in copies:
        with KeyringFile(copy) as file:
            yield from [head.segment for _, head in file.slots() if head and head.state is not SlotState.SHREDDED]


def _without_key(index: IndexReader, known: set[SegmentId]) -> int:
    count, after = 0, (-1, "")
    while page := index.begun_before(2**53 - 1, SegmentState.SEALED, _PAGE, after):
        count += sum(row.seg not in known for row in page)
        after = (page[-1].start_utc_us, page[-1].seg)
    return count
