"""The keeper's side of the keyring: shred, reconcile, and let dead day files go.

docs/design/keys.md "The keyring", invariant 5. This module and `reconcile` alone destroy keys.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nvr.base.errors import NvrError
from nvr.base.ids import SegmentId
from storage.days import utc_day
from storage.keyring.layout import KeyRef
from storage.keyring.places import KeyringUnreachable, file_names
from storage.keyring.reconcile import GoneAmong, Reconciliation, shred_in
from storage.keyring.slots import SlotMap


@dataclass(frozen=True, slots=True)
class Shredded:
    """What one call of `shred` reached: slots zeroed over all places, and places of which something was not."""

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

    Each method goes on when a place or one of its files fails, and tells it. What could not be reached is made good by
    `reconcile`.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = tuple(places)
        self._slots = SlotMap()

    def shred(self, refs: Iterable[KeyRef]) -> Shredded:
        """Zero these segments' slots in every reachable place; durable on return.

        A segment without slot is passed over. One fdatasync for each file, whatever the number of slots.

        Raises:
            KeyringUnreachable: something failed in every place: some slot may be zeroed in none of them.
        """
        by_day: dict[tuple[int, str], set[SegmentId]] = {}
        for ref in refs:
            by_day.setdefault((ref.shard, utc_day(ref.start_utc_us)), set()).add(ref.segment)
        slots, faults = 0, {}
        for place in self._places:
            try:
                names = file_names(place)
            except OSError as error:
                faults[place] = str(error)
                continue
            for name in names:
                try:
                    slots += shred_in(place / name, by_day.get(_key_of(name), ()), self._slots)
                except (OSError, NvrError) as error:
                    faults[place] = str(error)
        if len(faults) == len(self._places):
            raise KeyringUnreachable(places=len(faults))
        return Shredded(slots, faults)

    def reconcile(
        self,
        now_utc_us: int,
        gone_among: GoneAmong = lambda _: (),
        is_over: Callable[[], bool] = lambda: False,
    ) -> Reconciled:
        """Bring all places to one state: before any copy is used, when a place comes back, after a restore.

        Replays tombstones, and what `gone_among` names, into all; finishes slots that a crash left half zeroed; copies
        what one place lacks; removes day files that died.

        Raises:
            KeyringUnreachable: no place can be reached.
            Ended: `is_over` said so, in the middle; the next call does the rest.
        """
        found = Reconciliation(self._places, now_utc_us, gone_among)
        if not found.reached:
            raise KeyringUnreachable(places=len(self._places))
        found.run(is_over)
        return Reconciled(found.shredded, found.copied, found.removed, found.faults)


def _key_of(name: str) -> tuple[int, str]:
    shard, _, file = name.partition("/")
    return int(shard), file.partition("-")[0]
