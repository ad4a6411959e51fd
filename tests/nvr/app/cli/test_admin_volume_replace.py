"""`nvr-admin volume replace`: what is lost is named first, the act is in the ledger before the disk leaves."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from nvr.app.volumes.devices import Disk
from nvr.app.volumes.keys import KeysOnDisk
from nvr.app.volumes.known_disks import NOTHING_KNOWN, KnownDisk, KnownVolume, store
from nvr.app.volumes.replacing import OnlyVolume, RecordersSilent, VolumeStillUsed
from nvr.app.volumes.smart import unknown
from nvr.base.errors import Refused
from nvr.base.units import UtcUs
from storage.ledger.machine import Copied
from storage.ledger.people import Hold
from tests.nvr.app.volumes.server import HOUR_US, TwoVolumes, hold_id
from tests.storage.ledger.samples import hold

SERIAL = "WSD0ABCD"


def held(server: TwoVolumes) -> Hold:
    begin = server.now_utc_us - 3 * HOUR_US
    span = {"from_utc_us": begin, "to_utc_us": begin + 1, "until_utc_us": None}
    return hold().model_copy(update={"hold": hold_id(1), "cameras": ("mairie-1",), **span})


def made(folder: Path) -> TwoVolumes:
    """The disk of `b` is dead, with two segments on it, one of them held; its serial number was seen before."""
    server = TwoVolumes(folder)
    server.write_index(
        [server.segment(1, "b", hours_ago=3), server.segment(2, "b", hours_ago=2), server.segment(3, "a", hours_ago=1)]
    )
    server.write_index([*server.bodies, held(server)])
    disks = (KnownDisk(Disk("sdb", "ST8000VE001", SERIAL), unknown("")),)
    seen = KnownVolume(str(folder / "b"), disks, UtcUs(server.now_utc_us))
    store(folder / "state", NOTHING_KNOWN.with_volume(server.ids["b"], seen))
    shutil.rmtree(folder / "b")
    server.states = {"b": "away"}
    return server


@pytest.fixture
async def server(tmp_path: Path) -> TwoVolumes:
    return await asyncio.to_thread(made, tmp_path)


async def volumes(server: TwoVolumes) -> list[str]:
    settings = await asyncio.to_thread(lambda: server.settings)
    return [one.name for one in settings.volume]


async def test_dead_disk_leaves_with_a_sheet_once_its_serial_number_was_typed(server: TwoVolumes) -> None:
    sheet = server.folder / "return.txt"
    async with server.recorder(), server.access():
        done = await server.replace("b", "--sheet", str(sheet), typed=f"{SERIAL}\n")
    assert done.exit_code == 0, done.output
    (act,) = server.acts
    assert (act["account"], act["name"], act["args"]["volume"]) == ("admin", "volume.replace", server.ids["b"])
    assert (act["args"]["disk"], act["args"]["bay"]) == (f"ST8000VE001 {SERIAL}", "7")
    assert await volumes(server) == ["a"]
    assert f"Disk:   ST8000VE001 {SERIAL}\nBay:    7" in done.stdout
    assert hold_id(1) in done.stderr
    assert "UNDER HOLD" in done.stderr
    text = await asyncio.to_thread(sheet.read_text)
    for told in ("RETOUR D'UN DISQUE", "RETURN OF A DISK", "test.example", SERIAL, "AES-256-GCM", "4711", "admin"):
        assert told in text
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 60


async def test_copies_that_stand_in_and_copies_that_go_are_named(server: TwoVolumes) -> None:
    first, third = (server.segment(n, v, hours_ago=4 - n).seg for n, v in ((1, "b"), (3, "a")))
    told = [Copied(volume=server.ids["a"], segs=(first,)), Copied(volume=server.ids["b"], segs=(third,))]
    await asyncio.to_thread(server.write_index, [*server.bodies, *told])
    async with server.recorder(), server.access():
        done = await server.replace("b", "--dry-run")
    assert done.exit_code == 0, done.output
    for text in ("1 segment will be lost", "1 more has a second copy", "1 second copy (1.0 GiB) goes with it"):
        assert text in done.stderr
    assert "UNDER HOLD" not in done.stderr, "what is held has its copy"


async def test_nothing_happens_unless_the_serial_number_is_typed(server: TwoVolumes) -> None:
    async with server.recorder(), server.access():
        done = await server.replace("b", typed="yes\n")
    assert done.exit_code == 1
    assert (server.acts, await volumes(server)) == ([], ["a", "b"])


async def test_sheet_that_exists_already_is_said_before_anything_is_lost(server: TwoVolumes) -> None:
    sheet = server.folder / "return.txt"
    await asyncio.to_thread(sheet.write_text, "of another disk")
    async with server.recorder(), server.access():
        done = await server.replace("b", "--sheet", str(sheet), typed=f"{SERIAL}\n")
    assert isinstance(done.exception, Refused)
    assert (server.acts, await volumes(server)) == ([], ["a", "b"])


@pytest.mark.parametrize("words", [(), ("--json",)])
async def test_sheet_that_can_not_be_written_is_shown_before_that_is_said(
    server: TwoVolumes, words: tuple[str, ...]
) -> None:
    async with server.recorder(), server.access():
        done = await server.replace("b", "--yes", "--sheet", str(server.folder / "nowhere" / "return.txt"), *words)
    assert isinstance(done.exception, Refused)
    assert done.exception.message_id == "file-not-written"
    assert "RETURN OF A DISK" in done.stdout
    assert await volumes(server) == ["a"]


async def test_dry_run_names_what_would_be_lost_and_changes_nothing(server: TwoVolumes) -> None:
    async with server.recorder(), server.access():
        done = await server.replace("b", "--dry-run", "--json")
    answer = json.loads(done.stdout)
    assert (answer["done"], answer["disk"], answer["footage"]["segments"]) == (False, f"ST8000VE001 {SERIAL}", 2)
    assert [each["hold"] for each in answer["footage"]["held"]] == [hold_id(1)]
    assert (server.acts, await volumes(server)) == ([], ["a", "b"])


async def test_volume_in_service_is_to_be_drained_first(server: TwoVolumes) -> None:
    async with server.recorder(), server.access():
        for state, growing in (("in-service", 0), ("full", 0), ("draining", 1)):
            server.states, server.growing = {"b": state}, growing
            done = await server.replace("b", "--yes")
            assert isinstance(done.exception, VolumeStillUsed)
    assert (server.acts, await volumes(server)) == ([], ["a", "b"])


async def test_recorder_that_does_not_answer_may_be_writing_there_unless_the_volume_is_drained(
    server: TwoVolumes,
) -> None:
    async with server.access():
        done = await server.replace("b", "--yes")
        assert isinstance(done.exception, RecordersSilent)
        await server.run("drain", "b", "--yes")
        done = await server.replace("b", "--yes")
    assert done.exit_code == 0, done.output
    assert await volumes(server) == ["a"]


async def test_last_volume_that_takes_recordings_does_not_leave_beside_one_for_copies(server: TwoVolumes) -> None:
    text = await asyncio.to_thread(server.file.read_text)
    evidence = text.replace('name = "a"', 'name = "a"\nevidence = true')
    assert evidence != text
    await asyncio.to_thread(server.file.write_text, evidence)
    async with server.recorder(), server.access():
        done = await server.replace("b", "--yes")
    assert isinstance(done.exception, OnlyVolume)
    assert (server.acts, await volumes(server)) == ([], ["a", "b"])


async def test_only_volume_does_not_leave(server: TwoVolumes) -> None:
    async with server.recorder(), server.access():
        await server.replace("b", "--yes")
        server.states = {"a": "erring"}
        done = await server.replace("a", "--yes")
    assert isinstance(done.exception, OnlyVolume)
    assert len(server.acts) == 1


async def test_act_that_the_ledger_does_not_take_leaves_the_disk_where_it_is(server: TwoVolumes) -> None:
    async with server.recorder():
        done = await server.replace("b", "--yes")
    assert done.exit_code == 1
    assert await volumes(server) == ["a", "b"]


async def test_configuration_that_can_not_be_written_is_told_before_the_act(
    server: TwoVolumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: path != server.folder)
    async with server.recorder(), server.access():
        done = await server.replace("b", "--yes")
    assert "can not be written" in str(done.exception)
    assert server.acts == []


async def test_disk_with_the_last_keys_does_not_leave(server: TwoVolumes) -> None:
    text = await asyncio.to_thread(server.file.read_text)
    places = text.replace(f'["{server.folder}/k1", "{server.folder}/k2"]', f'["{server.folder}/b/keys"]')
    assert places != text
    await asyncio.to_thread(server.file.write_text, places)
    async with server.recorder(), server.access():
        done = await server.replace("b", "--yes")
    assert isinstance(done.exception, KeysOnDisk)
    assert (server.acts, await volumes(server)) == ([], ["a", "b"])
