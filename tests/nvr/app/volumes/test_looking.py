"""A look at all disks leaves what is known of those that can not be read, and forgets those that left."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from nvr.app.volumes import looking, seen
from nvr.app.volumes.devices import Disk
from nvr.app.volumes.known_disks import KnownDisks, load, store
from nvr.app.volumes.looking import Ask, look_at_disks
from nvr.app.volumes.mounts import Mount
from nvr.app.volumes.smart import SLEEPS, Health, Verdict, unknown
from nvr.base.clock import SimClock
from tests.nvr.app.volumes.server import TwoVolumes

DISKS = {"a": Disk("sda", "ST8000VE001", "AAAA"), "b": Disk("sdb", "ST8000VE001", "BBBB")}
FAILING = Health(Verdict.FAILING, ("pending sectors: 8",))


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwoVolumes:
    """Each volume has a disk of its own, as far as sysfs tells."""

    def disks(mount: Mount, *_: object) -> tuple[Disk, ...]:
        return (DISKS[mount.point.name],)

    monkeypatch.setattr(looking, "mounts", lambda: [Mount(tmp_path / name, "ext4", "", f"8:{name}") for name in "ab"])
    monkeypatch.setattr(seen, "disks_of", disks)
    return await asyncio.to_thread(TwoVolumes, tmp_path)


async def look(server: TwoVolumes, ask: Ask) -> KnownDisks:
    settings = await asyncio.to_thread(lambda: server.settings)
    known, hung = await look_at_disks(settings, SimClock(server.now_utc_us), ask)
    assert not hung
    assert await asyncio.to_thread(load, settings.paths.state) == known
    return known


def answers(known: KnownDisks, server: TwoVolumes) -> dict[str, Health]:
    return {name: known.volumes[volume].disks[0].health for name, volume in server.ids.items()}


async def test_every_disk_is_asked_and_remembered_with_its_serial_number(server: TwoVolumes) -> None:
    known = await look(server, lambda name: FAILING if name == "sdb" else Health(Verdict.OK))
    assert answers(known, server) == {"a": Health(Verdict.OK), "b": FAILING}
    assert known.volumes[server.ids["b"]].disks[0].disk.serial == "BBBB"


async def test_disk_that_died_keeps_what_it_said_last(server: TwoVolumes) -> None:
    await look(server, lambda _: FAILING)
    (server.folder / "b").rename(server.folder / "gone")
    known = await look(server, lambda _: Health(Verdict.OK))
    assert answers(known, server) == {"a": Health(Verdict.OK), "b": FAILING}


async def test_disk_that_sleeps_is_what_it_was_and_one_that_does_not_answer_is_unknown(server: TwoVolumes) -> None:
    await look(server, lambda _: FAILING)
    known = await look(server, lambda name: unknown(SLEEPS) if name == "sda" else unknown("no answer"))
    assert answers(known, server) == {"a": FAILING, "b": unknown("no answer")}


async def test_volume_that_left_the_configuration_is_forgotten(server: TwoVolumes) -> None:
    before = await look(server, lambda _: FAILING)
    gone = replace(before.volumes[server.ids["a"]], path="/elsewhere")
    await asyncio.to_thread(store, server.folder / "state", before.with_volume("v9", gone))
    assert set((await look(server, lambda _: FAILING)).volumes) == set(server.ids.values())
