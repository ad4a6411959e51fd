"""A keeper that dies while it destroys: what its tests begin with, and what must hold once another has started."""

import asyncio
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
from storage.svs1.scan import scan
from storage.volume import SUFFIX, open_volume
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.opening import opened
from tests.storage.sealed import NOW_US, ORIGIN, custodians, segment_start

DUE_UTC_US = UtcUs(NOW_US + 40 * DAY_US)
_SEGMENTS: Final = tuple(segment_start(at, start_utc_us=NOW_US + at * 6_000_000).segment for at in range(4))
DUE: Final = frozenset(_SEGMENTS[:2])
HELD: Final = frozenset(_SEGMENTS[2:])
"""The hold is on the last one; the one before it ends in the instant in which that begins."""


async def town_with_due_footage(directory: Path) -> Town:
    """Four segments whose time is over, two of them held; the keeper is started and has destroyed nothing."""
    town = await asyncio.to_thread(Town, directory)
    await town.keeper.start()
    segments = await asyncio.to_thread(town.record, len(_SEGMENTS))
    assert [segment.segment for segment in segments] == list(_SEGMENTS)
    await town.tell(segments)
    await town.hold(segments[-1])
    town.clock.advance(DUE_UTC_US - NOW_US)
    return town


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


async def started_again(directory: Path) -> Left:
    """Start another keeper on what is there; footage that is left must open."""
    places = (directory / "keys-a", directory / "keys-b")
    settings = KeeperSettings(
        origin=ORIGIN,
        state=directory / "state",
        volumes=(directory / "disk",),
        places=places,
        zone=ZoneInfo("Europe/Paris"),
    )
    keeper = Keeper(settings, SimClock(DUE_UTC_US), sync=lambda: "synchronised")
    await keeper.start()
    await keeper.reconcile()
    assert not (await keeper.status()).faults
    rows = [row for seg in _SEGMENTS if (row := await keeper.books.ask(Index.segment, seg)) is not None]
    ledger = tuple(decode(leaf).body for _, leaf in await keeper.entries(0, 1000))
    await keeper.close()
    paths = await asyncio.to_thread(_opened_files, directory / "disk", places)
    live = await asyncio.to_thread(lambda: tuple(_live(place) for place in places))
    return Left({row.seg: row.state for row in rows}, paths, live, ledger)


def _opened_files(disk: Path, places: tuple[Path, ...]) -> frozenset[SegmentId]:
    volume, keys = open_volume(disk), KeyringReader(places)
    paths = list(volume.path.glob(f"segments/*/*/*{SUFFIX}"))
    for path in paths:
        assert opened(volume, keys, describe(volume, scan(path), keys), custodians())
    return frozenset(SegmentId(path.stem) for path in paths)


def _live(place: Path) -> frozenset[SegmentId]:
    found = set()
    for name in file_names(place):
        with KeyringFile(place / name) as file:
            found |= {head.segment for _, head in file.slots() if head and head.state is SlotState.LIVE}
    return frozenset(found)
