"""Bringing the places of the keyring to one state (docs/design/keys.md "The keyring")."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

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


GoneAmong: TypeAlias = Callable[[Collection[SegmentId]], Collection[SegmentId]]
"""Which of these segments are destroyed, by the ledger."""


class Reconciliation:
    """One pass over all places, file by file: a million segments are not to be remembered at once, or read twice.

    A place that can not be reached is left out, and so is a file that fails; its other files are not. `faults` tells of
    both; `shredded`, `copied` and `removed` count slots, slots and files.
    """

    def __init__(self, places: Sequence[Path], now_utc_us: int, gone_among: GoneAmong) -> None:
        self.faults: dict[Path, str] = {}
        self.shredded = self.copied = self.removed = 0
        self._now_utc_us = now_utc_us
        self._gone_among = gone_among
        self._names: dict[Path, set[str]] = {}
        for place in places:
            with self._told(place):
                self._names[place] = set(file_names(place))

    @property
    def reached(self) -> bool:
        """Whether any place could be reached."""
        return bool(self._names)

    def run(self, is_over: Callable[[], bool]) -> None:
        """Bring each file to one state in all places. Raises Ended: `is_over` said so, before one of them."""
        for name in sorted(set().union(*self._names.values())):
            if is_over():
                raise Ended
            surveys = self._survey(name)
            doomed = self._doomed(surveys)
            if self._replay(name, surveys, doomed):
                surveys = self._survey(name)
            if any(self._is_ours(survey) for survey in surveys.values()):
                self._even_out(name, surveys, doomed)
                self._bury(name)

    def _survey(self, name: str) -> dict[Path, _Survey]:
        """The places that have the file, where it can be read."""
        surveys = {}
        for place, names in self._names.items():
            if name in names:
                with self._told(place):
                    surveys[place] = _survey_file(place / name)
        return surveys

    def _doomed(self, surveys: Mapping[Path, _Survey]) -> frozenset[SegmentId]:
        """What is shredded somewhere, or destroyed by the ledger."""
        dead = frozenset[SegmentId]().union(*(survey.dead for survey in surveys.values()))
        live = frozenset[SegmentId]().union(*(survey.live for survey in surveys.values()))
        return dead.union(self._gone_among(live))

    def _replay(self, name: str, surveys: Mapping[Path, _Survey], doomed: Collection[SegmentId]) -> int:
        """Shred these everywhere; slots zeroed."""
        slots = 0
        for place in surveys:
            with self._told(place):
                slots += shred_in(place / name, doomed)
        self.shredded += slots
        return slots

    def _even_out(self, name: str, surveys: Mapping[Path, _Survey], doomed: frozenset[SegmentId]) -> None:
        """Copy live slots to the places that lack them, where no shard writes any more; none that `_replay` missed."""
        for source, survey in surveys.items():
            for place, names in self._names.items():
                there = surveys.get(place)
                missing = survey.live - doomed - (there.live | there.dead if there else frozenset())
                if place != source and missing:
                    with self._told(place):
                        self.copied += _copy(source / name, place / name, missing)
                        names.add(name)

    def _bury(self, name: str) -> None:
        """Remove the file where it has no live slot."""
        for place, names in self._names.items():
            if name in names:
                with self._told(place):
                    self.removed += _remove_if_dead(place / name)

    def _is_ours(self, survey: _Survey) -> bool:
        return self._now_utc_us >= utc_day_end_us(survey.head.day) + GRACE_US

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
