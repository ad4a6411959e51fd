"""One look at real sockets and files: what is there, what is silent, what began anew."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.model import Database, Settings
from nvr.app.watch.look import Looker
from nvr.app.watch.of_roles import of_server
from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND
from nvr.base.wire import Handler, Server
from storage.snapshot import CameraEntry, CameraSnapshot, publish
from storage.volume import create_volume
from tests.nvr.app.fixtures import write_config


def answering(answer: object) -> Mapping[str, Handler]:
    async def status(_: dict[str, Any]) -> object:
        return answer

    return {"status": status}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load(write_config(tmp_path), {})
    made.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(made.paths.camera_snapshot, CameraSnapshot(2, (CameraEntry(CameraId("a"), "rtsp://192.0.2.1/", 0),)))
    create_volume(tmp_path / "a", made.system.origin, now_utc_us=SimClock().utc_us())
    return made


def camera(**more: object) -> dict[str, object]:
    return {"state": {"cameras": [{"camera": "a", "state": "recording", **more}]}}


async def test_roles_that_answer_and_those_that_do_not(settings: Settings) -> None:
    looker = Looker(settings, SimClock())
    async with (
        Server(settings.paths.recorder_socket(0), answering(camera())),
        Server(settings.paths.access_socket, answering({})),
    ):
        seen = await looker.look()
    assert seen.keeper is None
    assert seen.access is not None
    assert (seen.recording(), len(seen.expected())) == (1, 1)
    (volume,) = seen.volumes
    assert (volume.name, volume.why, volume.total_bytes > 0) == ("a", None, True)
    assert seen.orders is None  # there is no index
    silent = await looker.look()
    assert (silent.recorders, silent.access) == ({0: None}, None)


async def test_index_whose_server_is_away_is_unreadable_and_ends_nothing(settings: Settings, tmp_path: Path) -> None:
    away = Database(index=f"postgresql:///scelle?host={tmp_path}")
    looker = Looker(settings.model_copy(update={"database": away}), SimClock())
    seen = await looker.look()
    assert seen.orders is None
    assert "index-unreadable" in [each.kind for each in of_server(seen)]


async def test_what_can_not_be_read_is_none_and_not_an_empty_town(settings: Settings, tmp_path: Path) -> None:
    await asyncio.to_thread(settings.paths.camera_snapshot.write_text, "{")
    await asyncio.to_thread((tmp_path / "a" / "scelle-volume.json").unlink)
    seen = await Looker(settings, SimClock()).look()
    assert seen.cameras is None
    (volume,) = seen.volumes
    assert (volume.id, volume.why is not None) == (None, True)


async def test_records_that_storage_refused_are_counted_for_five_minutes(settings: Settings) -> None:
    clock, answer = SimClock(), camera(dropped=7)
    looker = Looker(settings, clock)
    async with Server(settings.paths.recorder_socket(0), {"status": lambda _: _same(answer)}):
        assert (await looker.look()).fell_behind == {}
        answer = camera(dropped=9)
        assert (await looker.look()).fell_behind == {"a": 2}
        answer = camera(dropped=1)  # the worker began anew
        assert (await looker.look()).fell_behind == {"a": 3}
        clock.advance(301 * US_PER_SECOND)
        assert (await looker.look()).fell_behind == {}


async def _same(answer: object) -> object:
    return answer


async def test_index_is_measured_by_where_the_ledger_was_a_minute_ago(settings: Settings) -> None:
    size = 100
    looker = Looker(settings, SimClock())

    async def status(_: dict[str, Any]) -> object:
        return {"ledger_size": size, "index_size": 100}

    async with Server(settings.paths.keeper_socket, {"status": status}):
        for expected in (None, None, None, None, None, None, 100, 101):
            assert (await looker.look()).ledger_before == expected
            size += 1


async def test_another_process_that_answers_for_a_role_is_a_restart(settings: Settings) -> None:
    clock = SimClock()
    looker = Looker(settings, clock)
    async with Server(settings.paths.keeper_socket, answering({})):
        await looker.look()
        assert (await looker.look()).restarts == {}
        for pid in (1, 2):
            looker._note_pid("keeper", pid)
        assert (await looker.look()).restarts == {"keeper": 3}
        clock.advance(901 * US_PER_SECOND)
        assert (await looker.look()).restarts == {}
