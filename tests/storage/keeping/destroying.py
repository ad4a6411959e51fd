"""A keeper that dies while it destroys: what its tests begin with, and what must hold once another has started."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from nvr.base.clock import SimClock
from nvr.base.ids import SegmentId
from nvr.base.units import UtcUs
from storage.growing import describe
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.keeping.keeper import Keeper
from storage.keeping.settings import KeeperSettings
from storage.keyring import KeyringReader
from storage.keyring.layout import SlotState
from storage.keyring.places import KeyringFile, file_names
from storage.ledger.entries import decode
from storage.ledger.machine import Body, Expire, Expired
from storage.ledger.service import Draft
from storage.svs1.scan import scan
from storage.volume import SUFFIX, open_volume
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.sealed import NOW_US, ORIGIN, custodians, opened_file, segment_start

DUE_UTC_US = UtcUs(NOW_US + 40 * DAY_US)
_SEGMENTS: Final = tuple(segment_start(at, start_utc_us=NOW_US + at * 6_000_000).segment for at in range(4))
DUE: Final = frozenset(_SEGMENTS[:2])
HELD: Final = frozenset(_SEGMENTS[2:])
"""The hold is on the last one; the one before it ends in the instant in which that begins."""


async def make(directory: Path) -> None:
    """Four segments whose time is over at DUE_UTC_US, two of them held; nothing is destroyed yet."""
    town = await asyncio.to_thread(Town, directory)
    await town.keeper.start()
    segments = await asyncio.to_thread(town.record, len(_SEGMENTS))
    assert [segment.segment for segment in segments] == list(_SEGMENTS)
    await town.tell(segments)
    await town.hold(segments[-1])
    await town.keeper.close()


async def keeper_when_due(directory: Path) -> tuple[Keeper, SimClock]:
    """A keeper that has run since `make`, at the time when the footage is due; and its clock."""
    keeper, clock = _keeper_at(directory, NOW_US)
    await keeper.start()
    clock.advance(DUE_UTC_US - NOW_US)
    return keeper, clock


def _keeper_at(directory: Path, now_utc_us: UtcUs) -> tuple[Keeper, SimClock]:
    clock = SimClock(now_utc_us)
    settings = KeeperSettings(
        origin=ORIGIN,
        state=directory / "state",
        volumes=lambda: (directory / "disk",),
        places=places_of(directory),
        zone=ZoneInfo("Europe/Paris"),
    )
    return Keeper(settings, clock, sync=lambda: "synchronised"), clock


def places_of(directory: Path) -> tuple[Path, Path]:
    """The places of the keyring."""
    return directory / "keys-a", directory / "keys-b"


@dataclass(frozen=True)
class Left:
    """What is left of the segments."""

    states: dict[SegmentId, SegmentState]
    files: frozenset[SegmentId]
    live_keys: tuple[frozenset[SegmentId], ...]
    """Place by place."""
    ledger: tuple[Body, ...]

    def check(self) -> None:
        """What the ledger says is to be destroyed is destroyed, once, and everywhere; nothing else is."""
        intended = {seg for body in self.ledger if isinstance(body, Expire) for seg in body.segs}
        deeds = [seg for body in self.ledger if isinstance(body, Expired) for seg in body.segs]
        assert intended in (set(), DUE)
        assert sorted(deeds) == sorted(intended)
        kept = {*_SEGMENTS} - intended
        for seg, state in self.states.items():
            assert state is (SegmentState.GONE if seg in intended else SegmentState.SEALED)
        assert self.files == kept
        assert all(live == kept for live in self.live_keys)


async def started_again(directory: Path, first: Sequence[Draft] = ()) -> Left:
    """Start another keeper on what is there; footage that is left must open. `first`: what it is told at once."""
    keeper, _ = _keeper_at(directory, DUE_UTC_US)
    await keeper.start()
    await keeper.books.append(first)
    await keeper.take_up()
    await keeper.reconcile()
    assert not (await keeper.status()).faults
    rows = [row for seg in _SEGMENTS if (row := await keeper.books.ask(Index.segment, seg)) is not None]
    ledger = tuple(decode(leaf).body for _, leaf in await keeper.entries(0, 1000))
    await keeper.close()
    paths = await asyncio.to_thread(_opened_files, directory / "disk", places_of(directory))
    live = await asyncio.to_thread(lambda: tuple(live_keys(place) for place in places_of(directory)))
    return Left({row.seg: row.state for row in rows}, paths, live, ledger)


def _opened_files(disk: Path, places: tuple[Path, ...]) -> frozenset[SegmentId]:
    volume, keys = open_volume(disk, ORIGIN), KeyringReader(places)
    paths = list(volume.path.glob(f"segments/*/*/*{SUFFIX}"))
    for path in paths:
        assert opened_file(path, describe(volume, scan(path), keys), keys, custodians())
    return frozenset(SegmentId(path.stem) for path in paths)


def live_keys(place: Path) -> frozenset[SegmentId]:
    """The segments whose keys are in this place."""
    found = set()
    for name in file_names(place):
        with KeyringFile(place / name) as file:
            found |= {head.segment for _, head in file.slots() if head and head.state is SlotState.LIVE}
    return frozenset(found)
