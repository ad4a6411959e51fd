"""`nvr-admin volume list` and `drain` against real volumes, a real index, and a recorder that answers or does not."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from nvr.app.volumes.known_disks import load
from storage.ledger.machine import Copied
from storage.ledger.people import Hold
from tests.nvr.app.volumes.server import HOUR_US, TwoVolumes, hold_id
from tests.storage.ledger.samples import hold


@pytest.fixture
async def server(tmp_path: Path) -> TwoVolumes:
    return await asyncio.to_thread(TwoVolumes, tmp_path)


def held(server: TwoVolumes, *, from_hours_ago: int, to_hours_ago: int) -> Hold:
    return hold().model_copy(
        update={
            "hold": hold_id(1),
            "cameras": ("mairie-1",),
            "from_utc_us": server.now_utc_us - from_hours_ago * HOUR_US,
            "to_utc_us": server.now_utc_us - to_hours_ago * HOUR_US,
            "until_utc_us": None,
        }
    )


async def listed(server: TwoVolumes) -> dict[str, dict[str, Any]]:
    done = await server.run("list", "--json")
    assert done.exit_code == 0, done.output
    return {each["name"]: each for each in json.loads(done.stdout)}


async def write_footage(server: TwoVolumes) -> None:
    bodies = [
        server.segment(1, "a", hours_ago=3),
        server.segment(2, "a", hours_ago=2),
        server.segment(3, "b", hours_ago=1),
        held(server, from_hours_ago=3, to_hours_ago=3),
    ]
    await asyncio.to_thread(server.write_index, bodies)


async def test_list_has_each_volume_with_its_state_its_cameras_and_what_lies_there(server: TwoVolumes) -> None:
    await write_footage(server)
    async with server.recorder():
        rows = await listed(server)
    one, two = rows["a"], rows["b"]
    assert (one["volume"], one["readable"], two["bay"]) == (server.ids["a"], True, "7")
    (recorder,) = one["recorders"]
    assert (recorder["state"], recorder["cameras"], recorder["worst_sync_us"]) == ("in-service", ["mairie-1"], 40_000)
    footage = one["footage"]
    assert (footage["segments"], footage["bytes"], footage["held_bytes"]) == (2, 2 << 30, 1 << 30)
    assert [(each["hold"], each["camera"], each["segments"]) for each in footage["held"]] == [
        (hold_id(1), "mairie-1", 1)
    ]
    assert two["footage"]["held"] == []
    assert one["free_bytes"] <= one["total_bytes"]


async def test_list_says_what_is_unknown_while_nothing_answers_and_a_disk_is_away(server: TwoVolumes) -> None:
    await write_footage(server)
    (server.folder / "b").rename(server.folder / "away")
    rows = await listed(server)
    assert [each["answers"] for each in rows["a"]["recorders"]] == [False]
    assert rows["a"]["keeper_uses"] is None
    assert rows["a"]["footage"]["segments"] == 2
    assert (rows["b"]["readable"], rows["b"]["free_bytes"]) == (False, None)
    assert rows["b"]["volume"] == server.ids["b"]
    assert rows["b"]["footage"]["segments"] == 1


async def test_list_works_without_an_index(server: TwoVolumes) -> None:
    await asyncio.to_thread(server.index.unlink)
    async with server.recorder():
        rows = await listed(server)
        shown = await server.run("list")
    assert rows["a"]["footage"] is None
    assert "unknown" in shown.stdout


async def test_screen_names_state_bay_and_footage_of_each_disk(server: TwoVolumes) -> None:
    await write_footage(server)
    async with server.recorder():
        server.states = {"a": "erring"}
        shown = await server.run("list")
    assert shown.exit_code == 0
    for told in ("state: erring", "state: in-service", "bay: 7", "held GiB: 1.0", "worst sync ms: 40", "errors: 1"):
        assert told in shown.stdout


async def test_drain_writes_the_setting_waits_for_the_recorders_and_tells_what_is_left(server: TwoVolumes) -> None:
    await write_footage(server)
    async with server.recorder():
        done = await server.run("drain", "a")
        shown = (await listed(server))["a"]
    assert done.exit_code == 0, done.output
    assert await server.drained() == [True, False]
    assert (shown["drain"], shown["recorders"][0]["state"]) == (True, "draining")
    assert "Do not take the disk out" in done.stdout
    assert hold_id(1) in done.stdout


async def test_drained_disk_without_holds_may_go_when_the_last_footage_is_due(server: TwoVolumes) -> None:
    await asyncio.to_thread(server.write_index, [server.segment(1, "a", hours_ago=3)])
    async with server.recorder():
        done = await server.run("drain", str(server.folder / "a"), "--json")
    answer = json.loads(done.stdout)
    assert (answer["waits_for"], answer["footage"]["held"]) == ([], [])
    start, end = answer["footage"]["from_utc_us"], answer["footage"]["ends_utc_us"]
    assert 27 * 24 * HOUR_US < end - start <= 31 * 24 * HOUR_US


async def test_undo_gives_the_disk_back(server: TwoVolumes) -> None:
    async with server.recorder():
        await server.run("drain", server.ids["a"])
        done = await server.run("drain", server.ids["a"], "--undo")
    assert done.exit_code == 0
    assert await server.drained() == [False, False]


async def test_drained_volume_of_second_copies_is_not_said_to_be_empty(server: TwoVolumes) -> None:
    first = server.segment(1, "b", hours_ago=3)
    copied = Copied(volume=server.ids["a"], segs=(first.seg,))
    await asyncio.to_thread(server.write_index, [first, copied])
    text = await asyncio.to_thread(server.file.read_text)
    await asyncio.to_thread(server.file.write_text, text.replace('name = "a"', 'name = "a"\nevidence = true'))
    async with server.recorder():
        server.states = {"a": "draining"}
        done = await server.run("drain", "a")
    assert done.exit_code == 0, done.output
    assert "The second copy of 1 segment lies there (1.0 GiB): without this disk it is there once." in done.stdout
    assert "Nothing lies there" not in done.stdout


async def test_only_volume_is_not_drained_without_a_word(server: TwoVolumes) -> None:
    server.states = {"b": "away"}
    async with server.recorder():
        done = await server.run("drain", "a", typed="n\n")
        assert (done.exit_code, await server.drained()) == (1, [False, False])
        assert "no other disk is known to take footage" in done.stderr
        sure = await server.run("drain", "a", "--yes")
    assert (sure.exit_code, await server.drained()) == (0, [True, False])


async def test_dry_run_changes_nothing(server: TwoVolumes) -> None:
    before = await asyncio.to_thread(server.file.read_bytes)
    async with server.recorder():
        done = await server.run("drain", "a", "--dry-run")
    assert done.exit_code == 0
    assert await asyncio.to_thread(server.file.read_bytes) == before


async def test_volume_that_nobody_knows_is_refused_with_those_that_are(server: TwoVolumes) -> None:
    done = await server.run("drain", "/srv/none", "--yes")
    assert done.exit_code == 1
    assert str(server.folder / "a") in str(done.exception)


async def test_look_at_the_disks_is_written_down_whatever_they_say(server: TwoVolumes) -> None:
    done = await server.run("smart", "--json")
    assert done.exit_code == 0, done.output
    assert {row["volume"] for row in json.loads(done.stdout)} <= set(server.ids.values())
    known = await asyncio.to_thread(load, server.folder / "state")
    assert {volume: one.path for volume, one in known.volumes.items()} == {
        volume: str(server.folder / name) for name, volume in server.ids.items()
    }
