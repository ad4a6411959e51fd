"""Copies of key files without what is destroyed (docs/design/backup.md, K6 and R7)."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from nvr.base.ids import SegmentId
from storage.keyring.layout import KeyringDamaged, SlotHead, SlotState, pack_slot, pack_tombstone
from storage.keyring.places import KeyringFile, file_names, open_or_create

_NOBODY: frozenset[SegmentId] = frozenset()


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merged key file holds, and which copies could not be read, with the reason."""

    live: frozenset[SegmentId]
    dead: frozenset[SegmentId]
    bad: dict[Path, str]


@dataclass(slots=True)
class _Copies:
    """The copies that can be read, with the heads of their slots."""

    bad: dict[Path, str] = field(default_factory=dict)
    read: list[tuple[KeyringFile, list[tuple[int, SlotHead]]]] = field(default_factory=list)

    def open(self, path: Path, stack: ExitStack) -> None:
        try:
            file = stack.enter_context(KeyringFile(path))
            self.read.append((file, [(number, head) for number, head in file.slots() if head is not None]))
        except FileNotFoundError:
            return  # the keeper has buried it meanwhile
        except (OSError, KeyringDamaged) as error:
            self.bad[path] = str(error)

    def dead(self, without: Collection[SegmentId]) -> set[SegmentId]:
        heads = (head for _, listed in self.read for _, head in listed)
        return {head.segment for head in heads if head.state is SlotState.SHREDDED or head.segment in without}

    def payloads(self) -> Iterator[tuple[SegmentId, bytes]]:
        for file, listed in self.read:
            for number, head in listed:
                try:
                    payload = file.payload(number, head)
                except OSError as error:
                    self.bad[file.path] = str(error)
                    continue
                if payload is not None:
                    yield head.segment, payload


def merge(copies: Sequence[Path], target: Path, *, without: Collection[SegmentId] = _NOBODY) -> Merged | None:
    """Write one key file from its copies: what is live in any, a tombstone for what is shredded in any.

    Of the segments `without` a tombstone stands too. Torn slots are left out, and so is whatever stands behind a
    payload. The target must not exist; it is synced. None, and no target, when the copies are gone.

    Raises:
        KeyringDamaged: none of the copies can be read.
        OSError: the target can not be written.
    """
    with ExitStack() as stack:
        found = _Copies()
        for copy in copies:
            found.open(copy, stack)
        if not found.read:
            if found.bad:
                raise KeyringDamaged(file=str(copies[0]), what="; ".join(found.bad.values()))
            return None
        out = stack.enter_context(open_or_create(target, found.read[0][0].head))
        dead = found.dead(without)
        for number, segment in enumerate(sorted(dead)):
            out.write(number, pack_tombstone(segment, out.head.slot_bytes))
        live: set[SegmentId] = set()
        for segment, payload in found.payloads():
            if segment not in dead and segment not in live:
                out.write(len(dead) + len(live), pack_slot(segment, payload, out.head.slot_bytes))
                live.add(segment)
        out.sync()
        return Merged(frozenset(live), frozenset(dead), found.bad)


@dataclass(frozen=True, slots=True)
class PlacesRead:
    """Which key files there are, by name, in which places; and the places that can not be read, with the reason."""

    copies: dict[str, list[Path]]
    out: dict[Path, str]


def read_places(places: Sequence[Path]) -> PlacesRead:
    """Look at every place."""
    found = PlacesRead({}, {})
    for place in places:
        try:
            names = sorted(file_names(place))
        except OSError as error:
            found.out[place] = str(error)
            continue
        for name in names:
            found.copies.setdefault(name, []).append(place / name)
    return found
