"""Bringing the places of the keyring to one state (docs/design/keys.md "The keyring")."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, ParamSpec

from nvr.base.errors import NvrError
from nvr.base.ids import SegmentId
from nvr.base.units import US_PER_DAY
from storage.days import utc_day_end_us
from storage.durable import remove_file
from storage.keyring.layout import HELD_SHARD, FileHead, SlotState, pack_slot, pack_tombstone
from storage.keyring.places import KeyringFile, file_names, open_or_create

_P = ParamSpec("_P")

GRACE_US: Final = US_PER_DAY
"""How long after its end a day file is still left to the shard that writes it."""


@dataclass(frozen=True, slots=True)
class _Survey:
    """What the slot heads of one file of one place say; payloads are not read, a start would take minutes."""

    head: FileHead
    live: frozenset[SegmentId]
    """Not shredded: live or torn."""
    dead: frozenset[SegmentId]

    @property
    def is_held(self) -> bool:
        return self.head.shard == HELD_SHARD


class Reconciliation:
    """One pass over all places; `replay`, `even_out` and `bury` in this order. A place that fails is left out."""

    def __init__(self, places: Sequence[Path], now_utc_us: int) -> None:
        self.faults: dict[Path, str] = {}
        self._now_utc_us = now_utc_us
        self._surveys: dict[Path, dict[str, _Survey]] = {}
        for place in places:
            self._within(place, self._survey, place)

    def replay(self) -> int:
        """Shred everywhere what is shredded somewhere; slots zeroed."""
        dead: dict[str, set[SegmentId]] = {}
        for surveys in self._surveys.values():
            for name, survey in surveys.items():
                dead.setdefault(name, set()).update(survey.dead)
        held_dead = self._union(lambda survey: survey.dead if survey.is_held else frozenset())
        slots = 0
        for place in list(self._surveys):
            for name in list(self._surveys[place]):
                doomed = dead[name] | held_dead
                slots += self._within(place, shred_in, place / name, doomed)
        self._survey_again()
        return slots

    def even_out(self) -> int:
        """Copy live slots to the places that lack them, where no shard writes any more; slots copied."""
        copied = 0
        for source, surveys in list(self._surveys.items()):
            for name, survey in surveys.items():
                if not self._is_ours(survey):
                    continue
                for place in [place for place in self._surveys if place != source]:
                    there = self._surveys[place].get(name)
                    missing = survey.live - (there.live | there.dead if there else frozenset())
                    if missing:
                        copied += self._within(place, _copy, source / name, place / name, missing)
        self._survey_again()
        return copied

    def bury(self) -> int:
        """Remove day files without a live slot that is not also among the held keys of every place; files removed."""
        places = list(self._surveys)
        held = [self._union(lambda survey: survey.live if survey.is_held else frozenset(), [at]) for at in places]
        safe = frozenset.intersection(*held) if held else frozenset()
        removed = 0
        for place in places:
            for name, survey in list(self._surveys[place].items()):
                if not survey.is_held and self._is_ours(survey):
                    removed += self._within(place, _remove_if_dead, place / name, safe)
        return removed

    def _is_ours(self, survey: _Survey) -> bool:
        if survey.is_held:
            return True
        return self._now_utc_us >= utc_day_end_us(survey.head.day) + GRACE_US

    def _survey(self, place: Path) -> int:
        self._surveys[place] = {name: _survey_file(place / name) for name in file_names(place)}
        return 0

    def _survey_again(self) -> None:
        for place in list(self._surveys):
            self._within(place, self._survey, place)

    def _union(
        self, what: Callable[[_Survey], frozenset[SegmentId]], places: Collection[Path] | None = None
    ) -> frozenset[SegmentId]:
        chosen = self._surveys if places is None else places
        return frozenset().union(*(what(survey) for place in chosen for survey in self._surveys[place].values()))

    def _within(self, place: Path, work: Callable[_P, int], *args: _P.args, **kwargs: _P.kwargs) -> int:
        if place in self.faults:
            return 0
        try:
            return work(*args, **kwargs)
        except (OSError, NvrError) as error:
            self.faults[place] = str(error)
            self._surveys.pop(place, None)
            return 0


def shred_in(path: Path, doomed: Collection[SegmentId]) -> int:
    """Zero every slot of these segments in one file, durably; how many there were to zero.

    A slot is known by its segment id alone: one whose payload was torn may hold most of a key. A tombstone behind
    which a crash left bytes is written again.
    """
    zeroed = 0
    with KeyringFile(path, writing=True) as file:
        for number, head in file.slots():
            if head is not None and head.segment in doomed and not file.is_clean_tombstone(number, head):
                file.write(number, pack_tombstone(head.segment, file.head.slot_bytes))
                zeroed += 1
        if zeroed:
            file.sync()
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


def _remove_if_dead(path: Path, safe: Collection[SegmentId]) -> int:
    with KeyringFile(path) as file:
        left = {head.segment for number, head in file.slots() if head and file.payload(number, head) is not None}
    if left.difference(safe):
        return 0
    shred_in(path, left)
    return int(remove_file(path))
