"""The keeper's side of the keyring: shred, hold, reconcile, and let dead day files go.

docs/design/keys.md "The keyring", invariant 5. This module and `reconcile` alone destroy keys.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nvr.base.errors import NvrError
from nvr.base.ids import SegmentId
from storage.days import utc_day
from storage.keyring.layout import (
    HELD_DAY,
    HELD_DIRECTORY,
    HELD_SHARD,
    FileHead,
    KeyRef,
    pack_slot,
    slot_bytes_for,
)
from storage.keyring.places import KeyringUnreachable, check_place, file_names, open_or_create
from storage.keyring.reader import KeyringReader
from storage.keyring.reconcile import Reconciliation, shred_in
from storage.vault.keyrecord import KeyRecord


@dataclass(frozen=True, slots=True)
class Shredded:
    """What one call of `shred` reached: slots zeroed over all places, and places that could not be reached."""

    slots: int
    faults: Mapping[Path, str]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one call of `reconcile` repaired: tombstones replayed, copies made, files removed, places out."""

    shredded: int
    copied: int
    removed: int
    faults: Mapping[Path, str]


class KeyringKeeper:
    """One per system, in the keeper; one call at a time.

    Each method goes on when a place fails, and tells it; it raises `KeyringUnreachable` when every place failed. What
    could not be reached is made good by `reconcile`.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = tuple(places)

    def shred(self, refs: Iterable[KeyRef]) -> Shredded:
        """Zero these segments' slots, day files and held keys, in every reachable place; durable on return.

        A segment without slot is passed over. One fdatasync for each file, whatever the number of slots.
        """
        by_day: dict[tuple[int, str], set[SegmentId]] = {}
        everything: set[SegmentId] = set()
        for ref in refs:
            by_day.setdefault((ref.shard, utc_day(ref.start_utc_us)), set()).add(ref.segment)
            everything.add(ref.segment)
        slots, faults = 0, {}
        for place in self._places:
            try:
                for name in file_names(place):
                    doomed = everything if name.startswith(f"{HELD_DIRECTORY}/") else by_day.get(_key_of(name), set())
                    slots += shred_in(place / name, doomed) if doomed else 0
            except (OSError, NvrError) as error:
                faults[place] = str(error)
        self._demand_a_place(faults)
        return Shredded(slots, faults)

    def copy_to_held(self, refs: Iterable[KeyRef]) -> list[SegmentId]:
        """Copy these key records to the held keys of every place; durable on return.

        The segments whose keys are held now: those that were destroyed already, or never had a key, are left out.
        """
        records = list(KeyringReader(self._places).find_all(refs).records.values())
        faults: dict[Path, str] = {}
        for place in self._places:
            try:
                _copy_held(place, records)
            except (OSError, NvrError) as error:
                faults[place] = str(error)
        self._demand_a_place(faults)
        return [record.segment for record in records]

    def reconcile(self, now_utc_us: int, expired: Iterable[KeyRef] = ()) -> Reconciled:
        """Bring all places to one state: before any copy is used, when a place comes back, after a restore.

        Replays tombstones, the held keys' into day files too, and `expired` (from the ledger) into all; finishes slots
        that a crash left half zeroed; copies what one place lacks; removes day files that died.
        """
        gone = self.shred(expired)
        round_ = Reconciliation(self._places, now_utc_us)
        slots = gone.slots + round_.replay()
        copied = round_.even_out()
        removed = round_.bury()
        faults = {**gone.faults, **round_.faults}
        self._demand_a_place(faults)
        return Reconciled(slots, copied, removed, faults)

    def _demand_a_place(self, faults: Mapping[Path, str]) -> None:
        if len(faults) == len(self._places):
            raise KeyringUnreachable(places=len(faults))


def _key_of(name: str) -> tuple[int, str]:
    shard, _, file = name.partition("/")
    return int(shard), file.partition("-")[0]


def _copy_held(place: Path, records: Sequence[KeyRecord]) -> None:
    groups: dict[FileHead, dict[SegmentId, KeyRecord]] = {}
    for record in records:
        head = FileHead(slot_bytes_for(len(record.shares), record.n), HELD_SHARD, HELD_DAY, record.set_hash)
        groups.setdefault(head, {})[record.segment] = record
    for head, wanted in groups.items():
        path = place / head.name
        check_place(place)
        with open_or_create(path, head) as file:
            for number, slot in file.slots():
                if slot is not None and file.payload(number, slot) is not None:
                    wanted.pop(slot.segment, None)
            slots = [pack_slot(record.segment, record.pack(), head.slot_bytes) for record in wanted.values()]
            file.write(file.next_slot(), b"".join(slots))
            file.sync()
