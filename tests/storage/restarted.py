"""A machine that starts again after a crash, as the roles do it, and what must hold of it then.

The recorder takes up what grew and tells its spool; the keeper brings the spools into the ledger and compares the
volume.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from nvr.base.clock import SimClock
from nvr.base.ids import BootId, CameraId, SegmentId, uuid7
from nvr.base.units import UtcUs
from storage.growing import Discarded, Found, Recovered, describe, recover
from storage.keeping.keeper import Keeper
from storage.keeping.settings import KeeperSettings
from storage.keyring import KeyringReader
from storage.ledger.entries import decode
from storage.ledger.machine import Body, Gap, Missing, Seal
from storage.spool import SpoolWriter
from storage.spool_events import SpoolEvents
from storage.svs1.scan import scan
from storage.volume import SUFFIX, open_volume
from tests.storage.sealed import NOW_US, ORIGIN, custodians, opened_file
from tests.storage.story import KEY, SHARD, Promise, Spooled, Synced, spools_of

LATER_US: Final = UtcUs(NOW_US + 3600_000_000)
SEAM_US: Final = 1_000_000


class Restarted:
    """The disks of the directory, after recorder and keeper have started again."""

    def __init__(self, directory: Path) -> None:
        places = (directory / "keys-a", directory / "keys-b")
        self.volume = open_volume(directory / "disk", ORIGIN)
        self.keys = KeyringReader(places)
        self._clock = SimClock(LATER_US)
        self.found = self._record_again(spools_of(directory))
        settings = KeeperSettings(
            origin=ORIGIN,
            state=directory / "state",
            volumes=lambda: (self.volume.path,),
            places=places,
            zone=ZoneInfo("Europe/Paris"),
        )
        self.ledger = asyncio.run(self._keep(settings))
        sealed = [body for body in self.ledger if isinstance(body, Seal)]
        self.seals = {SegmentId(body.seg): body for body in sealed}
        assert len(self.seals) == len(sealed)  # each was told once

    def _record_again(self, spools: Path) -> list[Found]:
        spool = SpoolWriter(spools, SHARD, BootId(uuid7(LATER_US)), self._clock, KEY, sw="scelle test")
        found = []
        for one in recover(self.volume, SHARD, self.keys):
            found.append(one)
            if isinstance(one, Recovered):
                SpoolEvents(spool).sealed(one.segment)
        spool.close()
        return found

    async def _keep(self, settings: KeeperSettings) -> list[Body]:
        keeper = Keeper(settings, self._clock, sync=lambda: "synchronised")
        await keeper.start()
        await keeper.ingest.round()
        await keeper.reconcile()
        faults = (await keeper.status()).faults
        entries = [decode(leaf).body for _, leaf in await keeper.entries(0, 1000)]
        await keeper.close()
        assert not faults
        return entries

    def check(self, promises: Sequence[Promise]) -> None:
        """What was promised is there, what the ledger says is there and opens, and each second is told."""
        assert all(isinstance(found, Recovered | Discarded) for found in self.found)
        assert not any(isinstance(body, Missing) for body in self.ledger)
        for promise in promises:
            match promise:
                case Synced(records):
                    assert all(self.seals[segment].records >= count for segment, count in records.items())
                case Spooled(segments):
                    assert set(segments) <= self.seals.keys()
        for seal in self.seals.values():
            self._check_opens(seal)
        assert {path.stem for path in self.volume.path.glob("segments/*/*/*")} == self.seals.keys()
        assert not list(self.volume.path.glob(f"growing/*/*{SUFFIX}"))
        for camera in {seal.camera for seal in self.seals.values()}:
            self._check_every_second(camera)

    def _check_opens(self, seal: Seal) -> None:
        path = self.volume.sealed_path(CameraId(seal.camera), UtcUs(seal.start_utc_us), SegmentId(seal.seg))
        segment = describe(self.volume, scan(path), self.keys)
        assert segment.root.hex() == seal.root
        assert len(opened_file(path, segment, self.keys, custodians())) == seal.records - 1

    def _check_every_second(self, camera: str) -> None:
        """From the camera's first footage to the second start, each second is footage or a gap."""
        last: dict[str, tuple[int, int]] = {}
        for body in self.ledger:
            match body:
                case Seal() if body.camera == camera:
                    last[body.seg] = (body.start_utc_us, body.end_utc_us)
                case Gap() if body.camera == camera:
                    last[body.gap] = (body.from_utc_us, body.to_utc_us or LATER_US)
                case _:
                    pass
        known = sorted(last.values())
        assert known[-1][1] >= LATER_US
        reached = known[0][1]
        for begin, end in known[1:]:
            assert begin <= reached + SEAM_US
            reached = max(reached, end)
