"""Finding a segment's key record: one copy is enough, and one tombstone is enough to refuse all copies."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nvr.base.errors import Refused
from nvr.base.ids import SegmentId
from storage.days import utc_day
from storage.keyring.layout import KeyRef, KeyringDamaged, SlotHead, SlotState
from storage.keyring.places import KeyringFile, KeyringUnreachable, check_place, file_names
from storage.vault.fields import DocumentInvalid
from storage.vault.keyrecord import KeyRecord


class KeyShredded(Refused):
    """The segment's key record was destroyed: nothing opens it any more, wherever its ciphertext was copied."""

    message_id = "key-shredded"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was found of many segments; one that is in neither never had a key record that can be read."""

    records: Mapping[SegmentId, KeyRecord]
    shredded: frozenset[SegmentId]


class KeyringReader:
    """Reads the keyring in all its places; any thread, nothing is kept open."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = tuple(places)

    def find(self, ref: KeyRef) -> KeyRecord | None:
        """The segment's key record, from its day file; None when there never was one.

        Raises:
            KeyShredded: it was destroyed in some place, whatever other places still hold.
            KeyringUnreachable: no place can be read.
        """
        found = self.find_all([ref])
        if ref.segment in found.shredded:
            raise KeyShredded(segment=ref.segment)
        return found.records.get(ref.segment)

    def find_all(self, refs: Iterable[KeyRef]) -> Lookup:
        """The key records of many segments: each file is walked once, whatever their number.

        Raises:
            KeyringUnreachable: no place can be read.
        """
        days: dict[str, set[SegmentId]] = {}
        for ref in refs:
            days.setdefault(f"{ref.shard}/{utc_day(ref.start_utc_us)}-*.keys", set()).add(ref.segment)
        records: dict[SegmentId, KeyRecord] = {}
        shredded: set[SegmentId] = set()
        for pattern, wanted in days.items():
            found, dead = self._walk(pattern, wanted)
            records |= found
            shredded |= dead
        return Lookup(records, frozenset(shredded))

    def records(self) -> Iterator[KeyRecord]:
        """Every live key record of every day file, once; torn and shredded slots are passed over."""
        for name in sorted({name for place in self._reachable() for name in file_names(place)}):
            found, _ = self._walk(name, None)
            yield from found.values()

    def _walk(
        self, pattern: str, wanted: Collection[SegmentId] | None
    ) -> tuple[dict[SegmentId, KeyRecord], set[SegmentId]]:
        """Live and shredded segments of these files in all places; None: whatever is there."""
        found: dict[SegmentId, KeyRecord] = {}
        dead: set[SegmentId] = set()
        for path in [path for place in self._reachable() for path in sorted(place.glob(pattern))]:
            # What the disk refuses of one copy, the other place has; the keeper's check tells of this one.
            with suppress(OSError, KeyringDamaged), KeyringFile(path) as file:
                for number, head in file.slots():
                    if head is None or (wanted is not None and head.segment not in wanted):
                        continue
                    if head.state is SlotState.SHREDDED:
                        dead.add(head.segment)
                    elif head.segment not in found and (record := _record(file, number, head)) is not None:
                        found[head.segment] = record
        return {segment: record for segment, record in found.items() if segment not in dead}, dead

    def _reachable(self) -> list[Path]:
        reachable = []
        for place in self._places:
            with suppress(OSError):
                check_place(place)
                reachable.append(place)
        if not reachable:
            raise KeyringUnreachable(places=len(self._places))
        return reachable


def _record(file: KeyringFile, number: int, head: SlotHead) -> KeyRecord | None:
    """The slot's key record; None when it was torn, or holds none that this version can read."""
    payload = file.payload(number, head)
    try:
        return None if payload is None else KeyRecord.parse(payload)
    except DocumentInvalid:
        return None
