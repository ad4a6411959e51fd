"""Finding a segment's key record: one copy is enough, and one tombstone is enough to refuse all copies."""

from collections.abc import Iterator, Sequence
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
        day_pattern = f"{ref.shard}/{utc_day(ref.start_utc_us)}-*.keys"
        for pattern in (f"{HELD_DIRECTORY}/*.keys", day_pattern):
            found = self._look_for(ref.segment, pattern)
            if found is not None:
                return found
        return None

    def records(self) -> Iterator[KeyRecord]:
        """Every live key record of every day file, once; torn and shredded slots are passed over."""
        names = sorted({name for place in self._reachable() for name in file_names(place)})
        for name in names:
            seen: set[SegmentId] = set()
            dead: set[SegmentId] = set()
            found: list[KeyRecord] = []
            for _, file in self._open(name):
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

    def _look_for(self, segment: SegmentId, pattern: str) -> KeyRecord | None:
        found: KeyRecord | None = None
        for _, file in self._open(pattern):
            for number, head in file.slots():
                if head is None or head.segment != segment:
                    continue
                if head.state is SlotState.SHREDDED:
                    raise KeyShredded(segment=segment)
                found = found or _record(file, number, head)
        return found

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

    def _open(self, pattern: str) -> Iterator[tuple[Path, KeyringFile]]:
        for place in self._reachable():
            for path in sorted(place.glob(pattern)):
                try:
                    file = KeyringFile(path)
                except (OSError, KeyringDamaged):
                    continue  # the other place has a copy; the keeper's check tells of this one
                with file:
                    yield place, file


def _record(file: KeyringFile, number: int, head: SlotHead) -> KeyRecord | None:
    payload = file.payload(number, head)
    return None if payload is None else KeyRecord.parse(payload)
