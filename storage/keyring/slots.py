"""Where segments stand in the key files that were walked last.

A day file has a slot for each segment of a day, tens of thousands, and destruction comes back to it for a few hundred
at a time: without this it would read every slot's head each time.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from nvr.base.ids import SegmentId
from storage.keyring.layout import SlotHead
from storage.keyring.places import KeyringFile

FILES: Final = 8
"""A day, and the one it meets, of some shards, in two places. A file of 32,000 slots takes 6 MB."""

_Numbers: TypeAlias = dict[SegmentId, list[int]]


class SlotMap:
    """One per keeper of the keyring; one thread at a time.

    A file is walked again when anybody but `wrote` has changed it, or put another one in its place: a slot that is not
    found is a key that stays.
    """

    def __init__(self) -> None:
        self._walked: dict[Path, tuple[tuple[int, ...], _Numbers]] = {}

    def find(self, file: KeyringFile, segments: Collection[SegmentId]) -> Iterator[tuple[int, SlotHead]]:
        """Every slot of these segments, by number, with its head as it is now."""
        numbers = self._numbers(file)
        for number in sorted(number for segment in segments for number in numbers.get(segment, ())):
            head = file.slot(number)
            if head is not None:
                yield number, head

    def wrote(self, file: KeyringFile) -> None:
        """Tombstones were written to slots that `find` gave: the segments stand where they stood."""
        state, numbers = self._walked[file.path]
        if state[:2] == file.state[:2]:
            self._walked[file.path] = file.state, numbers

    def _numbers(self, file: KeyringFile) -> _Numbers:
        state, numbers = self._walked.pop(file.path, ((), {}))
        if state != file.state:
            state, numbers = file.state, {}
            for number, head in file.slots():
                if head is not None:
                    numbers.setdefault(head.segment, []).append(number)
        self._walked[file.path] = state, numbers  # the one that was used last is the last to go
        while len(self._walked) > FILES:
            del self._walked[next(iter(self._walked))]
        return numbers
