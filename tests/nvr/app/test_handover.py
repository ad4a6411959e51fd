"""Bundles in staging are in clear: what nobody takes does not stay."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nvr.app.handover import BundleUnknown, Handover, _Staged
from nvr.base.clock import SimClock
from nvr.base.ids import AccountId
from nvr.base.units import US_PER_SECOND

MINUTE_US = 60 * US_PER_SECOND


class Desk:
    """A hand-over with one bundle of one file, already made for `officer`."""

    def __init__(self, folder: Path) -> None:
        self.clock = SimClock()
        self.staging = folder / "staging"
        self.bundle = self.staging / "EXP-R-2026-000001-1"
        self.bundle.mkdir(parents=True)
        (self.bundle / "manifest.json").write_bytes(b"0123456789")
        nobody = cast("Any", None)
        exporter = cast("Any", SimpleNamespace(staging=self.staging))
        self.handover = Handover(nobody, nobody, exporter, self.clock, staging_minutes=60)

    def stage(self) -> None:
        sizes = {"manifest.json": 10}
        self.handover._staged["token"] = _Staged(self.bundle, AccountId("officer"), sizes, self.clock.mono_us())

    async def read(self) -> dict[str, Any]:
        return await self.handover.read({"token": "token", "path": "manifest.json", "offset": 4})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_bundle_of_a_process_before_is_wiped_at_the_start(desk: Desk) -> None:
    await desk.handover.housekeep()
    assert not list(desk.staging.iterdir())


async def test_bundle_that_nobody_takes_any_further_is_wiped_and_its_token_means_nothing(desk: Desk) -> None:
    desk.stage()
    desk.clock.advance(59 * MINUTE_US)
    assert (await desk.read())["eof"] is True
    desk.clock.advance(59 * MINUTE_US)
    await desk.handover.housekeep()
    assert await asyncio.to_thread(desk.bundle.is_dir)
    desk.clock.advance(2 * MINUTE_US)
    await desk.handover.housekeep()
    assert not await asyncio.to_thread(desk.bundle.exists)
    with pytest.raises(BundleUnknown):
        await desk.read()
