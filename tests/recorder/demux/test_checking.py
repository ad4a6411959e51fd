"""Cameras of the second source tried out: measured as those of the native one, over every way that this machine has."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nvr.app.cli.camera_check import check_rows
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from recorder.demux import session
from recorder.demux.reader import Reader
from recorder.shard import Shard
from recorder.status import ShardSettings
from storage.snapshot import CameraEntry
from tests.recorder.city import QUICK
from tests.recorder.demux.http_camera import BASIC, http_server, plain
from tests.recorder.demux.test_motion_jpeg import MULTIPART, part
from tests.recorder.demux.test_ways import PATIENT, WAYS
from tests.recorder.demux.town import PASSWORD, Town, free_port, town
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.films import film
from tests.recorder.test_gstreamer import ENCODER, PAY, SOUND, SOURCE, _serving
from tests.recorder.test_mjpeg import jpeg

NAME = CameraId("cam1")


def shard_of(url: str, settings: ShardSettings = PATIENT, *, secret: bool = False) -> Shard:
    """One that does not run: it tests, and records nothing."""
    logins = {"login": ("ville", PASSWORD)}
    entry = CameraEntry(NAME, url, 0, "login" if secret else None)
    return Shard([entry], logins.__getitem__, MemorySink(), MemoryEvents(), SystemClock(), settings)


async def tried_out(shard: Shard, *, limit_s: int = 8) -> Any:  # noqa: ANN401 -- JSON
    (answer,) = await shard.check([NAME], limit_s=limit_s)
    return answer


def ids(answer: dict[str, Any]) -> set[str]:
    return {finding["id"] for finding in answer["findings"]}


async def film_at(path: Path, container: str = "mpegts", *, frames: int = 150, sound: bool = False) -> None:
    await asyncio.to_thread(path.write_bytes, await asyncio.to_thread(film, container, frames=frames, sound=sound))


async def recorded(made: Town) -> None:
    await made.sink.until(lambda: made.sink.frames("cam1") >= 20)
    await made.until(lambda: made.status.state == "recording")


@pytest.mark.parametrize("way", WAYS)
async def test_same_film_is_measured_alike_whatever_the_way(way: object, tmp_path: Path) -> None:
    assert callable(way)
    path = tmp_path / "film.ts"
    await film_at(path, sound=True)
    async with way(path) as url:
        answer = await tried_out(shard_of(url))
    measured = answer["measured"]
    assert (measured["codec"][:4], measured["width"], measured["height"]) == ("avc1", 320, 180)
    assert measured["fps_milli"] == pytest.approx(25_000, abs=10)
    assert (measured["key_interval_ms"], measured["lost"], measured["sound"]) == (400, 0, True)
    assert measured["bitrate_bps"] > 0
    assert measured["clock_offset_us"] is None
    assert (answer["cause"], answer["decree"], answer["result"]) == (None, "below", "failed")
    assert ids(answer) == {"test-decree-below", "test-sound", "test-clock-unknown"}


async def test_motion_jpeg_is_measured_and_every_picture_is_a_key() -> None:
    picture = part(jpeg(704, 576, scan=b"x" * 2000))
    camera = http_server(MULTIPART, picture * 400, size=len(picture), rate_s=0.04, asks=BASIC)
    async with camera as (url, _):
        answer = await tried_out(shard_of(url, secret=True), limit_s=20)
    measured = answer["measured"]
    assert (measured["codec"], measured["width"], measured["height"]) == ("mp4v.6C", 704, 576)
    assert 4000 <= measured["media_ms"] < 10_000
    assert measured["key_interval_ms"] < 1000
    assert 0 < measured["fps_milli"] <= 26_000
    assert ids(answer) == {"test-sound-unknown", "test-clock-unknown"}
    assert (answer["decree"], answer["result"]) == ("narrow", "ok")
    assert PASSWORD not in repr(answer)
    (row,) = check_rows([answer])
    assert (row["codec"], row["sound"], row["clock_s"]) == ("MJPEG", "-", "-")


@pytest.mark.parametrize(("container", "sound"), [("mp4", False), ("matroska", False), ("avi", True), ("h264", None)])
async def test_sound_is_known_where_the_container_lists_it(container: str, sound: bool | None, tmp_path: Path) -> None:
    await film_at(tmp_path / "film", container, sound=bool(sound))
    answer = await tried_out(shard_of((tmp_path / "film").as_uri()), limit_s=2)
    assert answer["measured"]["sound"] is sound


@pytest.mark.system("gstreamer")
async def test_camera_over_datagrams_is_measured_and_its_losses_are_not_said_to_be_none() -> None:
    with _serving(f"( {SOURCE} ! {ENCODER} key-int-max=25 ! {PAY} config-interval=-1 {SOUND} )") as url:
        answer = await tried_out(shard_of(url.replace("rtsp://", "rtspu://")))
    measured = answer["measured"]
    assert (measured["width"], measured["height"], measured["key_interval_ms"]) == (320, 240, 1000)
    assert (measured["lost"], measured["sound"]) == (None, None)
    assert {"test-lost-unknown", "test-sound-unknown", "test-clock-unknown"} <= ids(answer)


async def test_recording_goes_on_beside_the_test(tmp_path: Path) -> None:
    await film_at(tmp_path / "film.mp4", "mp4", frames=500)
    async with town((tmp_path / "film.mp4").as_uri()) as made:
        await recorded(made)
        answer = await tried_out(made.shard, limit_s=2)
        before = made.sink.frames("cam1")
        await made.sink.until(lambda: made.sink.frames("cam1") > before)
        assert len(made.events.of("cam1")) == 1
    assert (answer["recorded"], answer["recording_lost"]) == (True, False)
    assert answer["measured"]["fps_milli"] == 25_000


async def test_port_that_the_recording_has_open_is_told_and_the_recording_keeps_it(tmp_path: Path) -> None:
    await film_at(tmp_path / "film.ts", frames=250)
    udp = next(each.values[0] for each in WAYS if each.id == "udp")
    assert callable(udp)
    async with udp(tmp_path / "film.ts") as url, town(url, settings=PATIENT) as made:
        await recorded(made)
        answer = await tried_out(made.shard, limit_s=2)
        before = made.sink.frames("cam1")
        await made.sink.until(lambda: made.sink.frames("cam1") > before)
        assert made.status.reconnects == 0
    assert (ids(answer), answer["result"], answer["cause"]) == ({"test-in-use"}, "warning", "in-use")
    assert (answer["measured"], answer["recorded"], answer["recording_lost"]) == (None, True, False)


async def test_file_that_ends_before_enough_is_measured_is_no_camera_that_hangs_up(tmp_path: Path) -> None:
    await film_at(tmp_path / "film.mp4", "mp4", frames=30)
    answer = await tried_out(shard_of((tmp_path / "film.mp4").as_uri()))
    assert (answer["measured"]["frames"], answer["cause"]) == (30, None)


async def test_camera_that_hangs_up_is_told_with_what_it_sent() -> None:
    data = await asyncio.to_thread(film, "mpegts", frames=60)
    async with http_server(plain("video/mp2t"), data, rate_s=0) as (url, _):
        answer = await tried_out(shard_of(url))
    assert answer["measured"]["frames"] >= 50
    assert (answer["cause"], answer["result"]) == ("closed", "failed")


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "not-found"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "unauthorized"),
        (plain("text/html") + b"<p>no film" * 5000, "garbage"),
    ],
)
async def test_what_stands_between_is_named(answer: bytes, cause: str) -> None:
    async with http_server(answer) as (url, _):
        told = await tried_out(shard_of(url))
    assert (told["cause"], ids(told), told["measured"]) == (cause, {f"cause-{cause}"}, None)


async def test_threads_that_hang_from_tests_are_counted_and_never_against_the_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released, begun = Stop(), []

    def hang(reader: Reader) -> None:
        begun.append(reader)
        while not released.wait_in_thread(0.05):
            pass

    monkeypatch.setattr(Reader, "_read", hang)
    monkeypatch.setattr(session, "END_S", 0.01)
    shard = shard_of(f"udp://127.0.0.1:{free_port()}", replace(QUICK, connect_timeout_s=0))
    try:
        answers = [await tried_out(shard, limit_s=1) for _ in range(5)]
    finally:
        released.set()
    assert [answer["cause"] for answer in answers] == ["timeout"] * 5
    assert len(begun) == 3
    for reader in begun:
        await asyncio.to_thread(reader._thread.join, 10)
    assert (await tried_out(shard, limit_s=1))["cause"] == "timeout"
    assert len(begun) == 4
