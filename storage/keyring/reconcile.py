"""Bringing the places of the keyring to one state (docs/design/keys.md "The keyring")."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nvr.base.errors import NvrError
from nvr.base.ids import SegmentId
from nvr.base.units import US_PER_DAY
from storage.days import utc_day_end_us
from storage.durable import remove_file
from storage.keyring.layout import FileHead, SlotState, pack_slot, pack_tombstone
from storage.keyring.places import KeyringFile, file_names, open_or_create
from storage.keyring.slots import SlotMap

GRACE_US: Final = US_PER_DAY
"""How long after its end a day file is still left to the shard that writes it."""


@dataclass(frozen=True, slots=True)
class _Survey:
    """What the slot heads of one file of one place say; payloads are not read, a start would take minutes."""

    head: FileHead
    live: frozenset[SegmentId]
    """Not shredded: live or torn."""
    dead: frozenset[SegmentId]


class Ended(Exception):
    """Whoever asked for the reconciliation does not wait for it any more; what it did is whole, file by file."""


class Reconciliation:
    """One pass over all places; `replay`, `even_out` and `bury` in this order.

    A place that can not be reached is left out, and so is a file that fails; its other files are not. `faults` tells of
    both. Once `is_over` says so, it and its methods raise Ended before the next file.
    """

    def __init__(self, places: Sequence[Path], now_utc_us: int, is_over: Callable[[], bool]) -> None:
        self.faults: dict[Path, str] = {}
        self._now_utc_us = now_utc_us
        self._is_over = is_over
        self._surveys: dict[Path, dict[str, _Survey]] = {place: {} for place in places}
        self._survey()

    @property
    def reached(self) -> bool:
        """Whether any place could be reached."""
        return bool(self._surveys)

    def replay(self) -> int:
        """Shred everywhere what is shredded somewhere; slots zeroed."""
        dead: dict[str, set[SegmentId]] = {}
        for _, name, survey in self._files():
            dead.setdefault(name, set()).update(survey.dead)
        slots = 0
        for place, name, _ in self._files():
            with self._told(place):
                slots += shred_in(place / name, dead[name])
        if slots:  # a million segments are two million reads
            self._survey()
        return slots

    def even_out(self) -> int:
        """Copy live slots to the places that lack them, where no shard writes any more; slots copied."""
        copied = 0
        for source, name, survey in self._files():
            if not self._is_ours(survey):
                continue
            for place in [place for place in self._surveys if place != source]:
                there = self._surveys[place].get(name)
                missing = survey.live - (there.live | there.dead if there else frozenset())
                if missing:
                    with self._told(place):
                        copied += _copy(source / name, place / name, missing)
        if copied:
            self._survey()
        return copied

    def bury(self) -> int:
        """Remove day files without a live slot; files removed."""
        removed = 0
        for place, name, survey in self._files():
            if self._is_ours(survey):
                with self._told(place):
                    removed += _remove_if_dead(place / name)
        return removed

    def _is_ours(self, survey: _Survey) -> bool:
        return self._now_utc_us >= utc_day_end_us(survey.head.day) + GRACE_US

    def _files(self) -> Iterator[tuple[Path, str, _Survey]]:
        for place, surveys in list(self._surveys.items()):
            for name, survey in list(surveys.items()):
                self._go_on()
                yield place, name, survey

    def _go_on(self) -> None:
        if self._is_over():
            raise Ended

    def _survey(self) -> None:
        for place in list(self._surveys):
            del self._surveys[place]
            with self._told(place):
                names = file_names(place)
                surveys = self._surveys[place] = {}
                for name in sorted(names):
                    self._go_on()
                    with self._told(place):
                        surveys[name] = _survey_file(place / name)

    @contextmanager
    def _told(self, place: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, NvrError) as error:
            self.faults[place] = str(error)


def shred_in(path: Path, doomed: Collection[SegmentId], where: SlotMap | None = None) -> int:
    """Zero every slot of these segments in one file, durably; how many there were to zero; not opened for none.

    A slot is known by its segment id alone: one whose payload was torn may hold most of a key. A tombstone behind
    which a crash left bytes is written again. `where` remembers where they stand from call to call.
    """
    if not doomed:
        return 0
    zeroed = 0
    where = where or SlotMap()
    with KeyringFile(path, writing=True) as file:
        for number, head in where.find(file, doomed):
            if not file.is_clean_tombstone(number, head):
                file.write(number, pack_tombstone(head.segment, file.head.slot_bytes))
                zeroed += 1
        if zeroed:
            file.sync()
            where.wrote(file)
    return zeroed


def _survey_file(path: Path) -> _Survey:
    live, dead = set(), set()
    with KeyringFile(path) as file:
        for _, head in file.slots():
            if head is not None and head.state is SlotState.SHREDDED:
                dead.add(head.segment)
            elif head is not None:
                live.add(head.segment)
        return _Survey(file.head, frozenset(live - dead), frozenset(dead))


def _copy(source: Path, target: Path, segments: Collection[SegmentId]) -> int:
    with KeyringFile(source) as giving, open_or_create(target, giving.head) as taking:
        slots = []
        for number, head in giving.slots():
            payload = None if head is None else giving.payload(number, head)
            if head is not None and payload is not None and head.segment in segments:
                slots.append(pack_slot(head.segment, payload, giving.head.slot_bytes))
        taking.write(taking.next_slot(), b"".join(slots))
        taking.sync()
    return len(slots)


def _remove_if_dead(path: Path) -> int:
    with KeyringFile(path) as file:
        if any(head is not None and file.payload(number, head) is not None for number, head in file.slots()):
            return 0
    return int(remove_file(path))
