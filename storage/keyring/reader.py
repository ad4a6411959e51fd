"""Finding a segment's key record: one copy is enough, and one tombstone is enough to refuse all copies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nvr.base.errors import Refused
from nvr.base.ids import SegmentId
from storage.days import utc_day
from storage.keyring.layout import HELD_DIRECTORY, KeyRef, KeyringDamaged, SlotHead, SlotState
from storage.keyring.places import KeyringFile, KeyringUnreachable, check_place, file_names
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
        """The segment's key record, from the held keys or its day file; None when there never was one.

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
        records, shredded = self._look_for(set().union(*days.values()), f"{HELD_DIRECTORY}/*.keys")
        for pattern, segments in days.items():
            # A held copy outlives its day file, whose slots are shredded as it dies.
            found, destroyed = self._look_for(segments - records.keys() - shredded, pattern)
            records |= found
            shredded |= destroyed
        return Lookup(records, frozenset(shredded))

    def records(self) -> Iterator[KeyRecord]:
        """Every live key record of every day file, once; torn and shredded slots are passed over."""
        names = sorted({name for place in self._reachable() for name in file_names(place)})
        for name in names:
            seen: set[SegmentId] = set()
            dead: set[SegmentId] = set()
            found: list[KeyRecord] = []
            for file in self._open(name):
                for number, head in file.slots():
                    if head is None or head.segment in seen:
                        continue
                    record = _record(file, number, head)
                    if head.state is SlotState.SHREDDED:
                        dead.add(head.segment)
                    elif record is not None:
                        seen.add(head.segment)
                        found.append(record)
            yield from (record for record in found if record.segment not in dead)

    def _look_for(self, segments: set[SegmentId], pattern: str) -> tuple[dict[SegmentId, KeyRecord], set[SegmentId]]:
        found: dict[SegmentId, KeyRecord] = {}
        shredded: set[SegmentId] = set()
        for file in self._open(pattern) if segments else ():
            for number, head in file.slots():
                if head is None or head.segment not in segments:
                    continue
                if head.state is SlotState.SHREDDED:
                    shredded.add(head.segment)
                elif head.segment not in found and (record := _record(file, number, head)) is not None:
                    found[head.segment] = record
        return {name: record for name, record in found.items() if name not in shredded}, shredded

    def _reachable(self) -> list[Path]:
        reachable = []
        for place in self._places:
            try:
                check_place(place)
            except OSError:
                continue
            reachable.append(place)
        if not reachable:
            raise KeyringUnreachable(places=len(self._places))
        return reachable

    def _open(self, pattern: str) -> Iterator[KeyringFile]:
        for place in self._reachable():
            for path in sorted(place.glob(pattern)):
                try:
                    file = KeyringFile(path)
                except (OSError, KeyringDamaged):
                    continue  # the other place has a copy; the keeper's check tells of this one
                with file:
                    yield file


def _record(file: KeyringFile, number: int, head: SlotHead) -> KeyRecord | None:
    payload = file.payload(number, head)
    return None if payload is None else KeyRecord.parse(payload)
