"""The keyring's places, looked after while the keeper runs: what one missed is made good as soon as it is back."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from nvr.base.clock import Clock
from nvr.base.ids import SegmentId
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.books import Books
from storage.index.queries import IndexReader
from storage.keyring import KeyringKeeper, Reconciled
from storage.keyring.places import IDENTITY_NAME, check_place
from storage.keyring.reconcile import Ended

RECONCILE_US: Final = US_PER_DAY
_PAGE: Final = 5000
AFTER_FAULT_US: Final = 3_600 * US_PER_SECOND
"""A reconciliation reads every key file: not every minute while a place is out."""


class PlacesKept:
    """Brings all places to one state when one comes or goes, and daily (docs/design/keys.md "The keyring")."""

    def __init__(self, books: Books, keyring: KeyringKeeper, places: Sequence[Path], clock: Clock) -> None:
        self._books = books
        self._keyring = keyring
        self._places = tuple(places)
        self._clock = clock
        self._is_ended = False
        self._done: tuple[Mapping[Path, tuple[int, int]], int] | None = None
        self.turn = asyncio.Lock()
        """Held by whoever writes to the keyring: one call at a time."""
        self.faults: Mapping[str, str] = {}
        """Places that the last call could not bring to the state of the others, and why."""

    def note(self, faults: Mapping[str, str]) -> None:
        """Keys stayed in these places, by path: shown until the next reconciliation has made it good."""
        ours = {str(place) for place in self._places}
        self.faults = {**self.faults, **{place: why for place, why in faults.items() if place in ours}}

    def end(self) -> None:
        """Have a reconciliation that runs come back soon, and none begin."""
        self._is_ended = True

    async def look(self) -> None:
        """Reconcile the places unless those that can be reached are the same as the last time, within a day.

        After a fault within an hour.

        Raises:
            KeyringUnreachable: no place can be reached.
        """
        reachable = await asyncio.to_thread(_reachable, self._places)
        now_mono_us = self._clock.mono_us()
        due_us = AFTER_FAULT_US if self.faults else RECONCILE_US
        if self._done is not None and self._done[0] == reachable and now_mono_us - self._done[1] < due_us:
            return
        async with self.turn:
            try:
                done = await self._books.survey(self._reconcile)
            except Ended:
                return
        self.faults = {str(place): why for place, why in done.faults.items()}
        self._done = (reachable, now_mono_us)

    def _reconcile(self, index: IndexReader) -> Reconciled:
        return self._keyring.reconcile(self._clock.utc_us(), partial(_gone_among, index), lambda: self._is_ended)


def _gone_among(index: IndexReader, live: Collection[SegmentId]) -> Collection[SegmentId]:
    """Keys that came back with a backup, or with a place that was away, though their segments are destroyed."""
    names, gone = sorted(live), set[SegmentId]()
    for first in range(0, len(names), _PAGE):
        gone.update(row.seg for row in index.gone_among(names[first : first + _PAGE]))
    return gone


def _reachable(places: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """The places that can be reached, with what tells one disk, or one restored copy, from another."""
    found = {}
    for place in places:
        try:
            check_place(place)
            status = (place / IDENTITY_NAME).stat()
        except OSError:
            continue
        found[place] = (status.st_dev, status.st_ino)
    return found
