"""Bundles in staging are in clear: what nobody takes does not stay, and what may not be had is not given."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from access.arguments import Arguments
from access.export.bundle import Bundle, Exporter, ExportOrder
from access.export.ports import Release
from access.policy import Denied
from nvr.app.handover import ActingLedger, BundleUnknown, Handover
from nvr.base.ids import ActId, RequisitionNo, uuid7
from nvr.base.units import US_PER_SECOND
from storage.ledger.entries import body_as_json
from storage.ledger.people import Export
from tests.access.opened import Opened
from tests.access.world import DAY_US, World, open_world

MINUTE_US = 60 * US_PER_SECOND
NUMBER = RequisitionNo("R-2026-000001")


@dataclass
class SmallExporter:
    """Makes a bundle of one file only; `meanwhile` happens while it is made."""

    staging: Path
    meanwhile: Callable[[], Awaitable[None]] | None = None
    paths: ClassVar[Any] = Exporter.paths

    async def export(self, release: Release, order: ExportOrder) -> Bundle:
        target, root = self.paths(release.grant.requisition, order.number)
        await asyncio.to_thread(self._begin, root)
        if self.meanwhile is not None:
            await self.meanwhile()
        await asyncio.to_thread(root.rename, target)
        return Bundle(target, target.name, 0, "", ())

    def _begin(self, root: Path) -> None:
        root.mkdir()
        (root / "manifest.json").write_bytes(b"0123456789")


class Desk:
    """The hand-over of an open grant."""

    def __init__(self, opened: Opened, folder: Path, grant: str) -> None:
        self.grant = grant
        self.opened, self.world, self.clock = opened, opened.world, opened.world.clock
        self.staging = folder / "staging"
        self.bundle = self.staging / "EXP-R-2026-000001-1"
        self.staging.mkdir()
        self.exporter = SmallExporter(self.staging)
        self.handover = Handover(
            self.world.register, opened.releases, cast("Exporter", self.exporter), self.clock, staging_minutes=60
        )
        self.ledger = ActingLedger(self.world.register, self.world.keeper, self.clock)
        self.token = ""

    async def stage(self) -> None:
        """The opener lets the bundle be made."""
        made = await self.handover.export(await self.opened.person("a.martin"), Arguments({"requisition": NUMBER}))
        self.token = str(made["token"])

    async def read(self) -> dict[str, Any]:
        return await self.handover.read({"token": self.token, "path": "manifest.json", "offset": 4})

    async def take(self) -> None:
        await self.handover.done(await self.opened.person("a.martin"), Arguments({"token": self.token}))

    async def log_export(self, grant: str) -> None:
        """What the exporter appends when the movies are made."""
        body = Export(
            grant=grant, requisition=NUMBER, bundle="EXP-R-2026-000001-1", manifest="0" * 64, files=1, bytes=10
        )
        actor = {"id": "a.martin", "role": "officer"}
        act = ActId(uuid7(self.clock.utc_us()))
        await self.ledger.append([{"t": "export", "actor": actor, "act": act, "body": body_as_json(body)}])

    async def end(self, what: str) -> None:
        """End the account, the requisition, or the grant by its date."""
        if what == "account":
            await self.world.act("root", "account.end", account="a.martin")
        elif what == "revoked":
            await self.world.act("b.petit", "grant.revoke", grant=self.grant, reason="retirée par le parquet")
        elif what == "requisition":
            await self.world.act("b.petit", "requisition.close", requisition=NUMBER, reason="retirée")
        else:
            self.clock.advance(15 * DAY_US)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
async def opened(world: World) -> Opened:
    return await Opened.begin(world)


@pytest.fixture
async def grant(opened: Opened) -> str:
    return await opened.grant()


@pytest.fixture
async def desk(opened: Opened, grant: str, tmp_path: Path) -> Desk:
    return await asyncio.to_thread(Desk, opened, tmp_path, grant)


async def test_bundle_of_a_process_before_is_wiped_at_the_start(desk: Desk) -> None:
    await asyncio.to_thread(desk.bundle.mkdir)
    await desk.handover.housekeep()
    assert not await asyncio.to_thread(lambda: list(desk.staging.iterdir()))


async def test_bundle_that_nobody_takes_any_further_is_wiped_and_its_token_means_nothing(desk: Desk) -> None:
    await desk.stage()
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


async def test_housekeeping_in_any_moment_of_an_export_leaves_its_bundle_and_wipes_others(desk: Desk) -> None:
    sweeps: list[asyncio.Task[None]] = []
    leftover = desk.staging / "EXP-R-2026-000009-1"

    async def housekeeping_while_movies_are_made_and_as_soon_as_they_are() -> None:
        await asyncio.to_thread(leftover.mkdir)
        await desk.handover.housekeep()
        sweeps.append(asyncio.create_task(desk.handover.housekeep()))

    desk.exporter.meanwhile = housekeeping_while_movies_are_made_and_as_soon_as_they_are
    await desk.stage()
    await asyncio.gather(*sweeps)
    assert (await desk.read())["eof"] is True
    assert not await asyncio.to_thread(leftover.exists)


async def test_bundle_that_was_taken_is_wiped_beside_housekeeping(desk: Desk) -> None:
    await desk.stage()
    await asyncio.gather(desk.handover.housekeep(), desk.take(), desk.handover.housekeep())
    assert not await asyncio.to_thread(desk.bundle.exists)
    with pytest.raises(BundleUnknown):
        await desk.take()


async def test_small_bundle_does_not_wait_for_a_large_one_and_a_second_of_the_same_does(desk: Desk) -> None:
    await desk.opened.grant()
    person = await desk.opened.person("a.martin")
    begun, finished = asyncio.Event(), asyncio.Event()

    async def large() -> None:
        desk.exporter.meanwhile = None
        begun.set()
        await finished.wait()

    desk.exporter.meanwhile = large
    first = asyncio.create_task(desk.stage())
    await begun.wait()
    second = asyncio.create_task(desk.stage())
    small = await asyncio.wait_for(desk.handover.export(person, Arguments({"requisition": "R-2026-000002"})), 10)
    assert small["bundle"] == "EXP-R-2026-000002-1"
    await desk.handover.housekeep()
    assert not second.done()
    second.cancel()
    finished.set()
    await first
    assert (await desk.read())["eof"] is True


async def test_account_that_ended_does_not_take_the_bundle(desk: Desk) -> None:
    await desk.stage()
    await desk.end("account")
    with pytest.raises(Denied, match="account-disabled"):
        await desk.take()


ENDS = {
    "account": "account-disabled",
    "requisition": "already-closed",
    "grant": "grant-over",
    "revoked": "grant-revoked",
}


@pytest.mark.parametrize(("what", "rule"), ENDS.items(), ids=ENDS)
async def test_staged_bundle_is_not_given_once_it_may_not_be_had(desk: Desk, what: str, rule: str) -> None:
    await desk.stage()
    assert (await desk.read())["eof"] is True
    await desk.end(what)
    with pytest.raises(Denied, match=rule):
        await desk.read()


async def test_staged_bundle_that_is_gone_from_the_disk_is_unknown(desk: Desk) -> None:
    await desk.stage()
    await asyncio.to_thread((desk.bundle / "manifest.json").unlink)
    with pytest.raises(BundleUnknown):
        await desk.read()


@pytest.mark.parametrize(("what", "rule"), ENDS.items(), ids=ENDS)
async def test_what_ended_while_movies_were_made_keeps_the_export_out_of_the_ledger(
    desk: Desk, grant: str, what: str, rule: str
) -> None:
    await desk.end(what)
    with pytest.raises(Denied, match=rule):
        await desk.log_export(grant)
    assert "export" not in await desk.world.keeper.types()


async def test_export_that_is_still_allowed_is_logged(desk: Desk, grant: str) -> None:
    await desk.log_export(grant)
    assert (await desk.world.keeper.types())[-1] == "export"


@pytest.mark.parametrize(("what", "rule"), ENDS.items(), ids=ENDS)
async def test_what_ends_while_a_bundle_is_made_leaves_neither_a_token_nor_a_file(
    desk: Desk, what: str, rule: str
) -> None:
    desk.exporter.meanwhile = lambda: desk.end(what)
    with pytest.raises(Denied, match=rule):
        await desk.stage()
    assert not await asyncio.to_thread(lambda: list(desk.staging.iterdir()))


async def test_staged_bundle_is_wiped_with_the_act_that_ends_it_and_another_one_stays(desk: Desk) -> None:
    await desk.stage()
    other = await desk.opened.grant()
    person = await desk.opened.person("a.martin")
    await desk.handover.export(person, Arguments({"requisition": "R-2026-000002"}))
    revoke = desk.handover.after(desk.opened.grants.revoke)
    validator = await desk.opened.person("b.petit")
    await revoke(validator, Arguments({"grant": other, "reason": "retirée"}))
    assert [path.name for path in await asyncio.to_thread(lambda: list(desk.staging.iterdir()))] == [desk.bundle.name]
    await revoke(validator, Arguments({"grant": desk.grant, "reason": "retirée"}))
    assert not await asyncio.to_thread(lambda: list(desk.staging.iterdir()))
    with pytest.raises(Denied, match="grant-revoked"):
        await desk.read()
    await desk.take()  # what is gone can be let go
    with pytest.raises(BundleUnknown):
        await desk.read()
