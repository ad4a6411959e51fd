"""SRT against ffmpeg as the camera, which is built with libsrt and waits to be called."""

import asyncio
import logging
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from config import libsrt
from recorder.demux import srt
from recorder.demux.srt import SrtInput
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.status import State
from storage.records import GapCause
from tests.canary import OfTheCamera
from tests.recorder.city import QUICK
from tests.recorder.demux.town import PASSWORD, free_port, less_sets, town
from tests.recorder.films import access_units, film

PATIENT = replace(QUICK, connect_timeout_s=20)
"""The camera is called while it still begins, and learning what comes takes a second of the stream."""
LOGIN = Credentials("ville", PASSWORD)


@asynccontextmanager
async def _camera(path: Path, options: str = "") -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    port = free_port()
    target = OfTheCamera(f"srt://127.0.0.1:{port}?mode=listener&latency=50{options}")
    asked = ("-stream_loop", "-1", "-re", "-i", str(path), "-c", "copy", "-f", "mpegts", target)
    process = await asyncio.create_subprocess_exec(
        "ffmpeg", "-hide_banner", "-loglevel", "error", *asked, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"srt://127.0.0.1:{port}", process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def footage(tmp_path: Path) -> tuple[Path, list[list[bytes]]]:
    data = film("mpegts", frames=100, b_frames=2, sound=True)
    path = tmp_path / "film.ts"
    path.write_bytes(data)
    return path, less_sets([nals for nals, _ in access_units(data)])


def _holds(stored: list[list[bytes]], expected: list[list[bytes]]) -> bool:
    """Whether what was stored is this, from some picture on, over and over."""
    begin = expected.index(stored[0])
    return all(unit == expected[(begin + at) % len(expected)] for at, unit in enumerate(stored))


@pytest.mark.system("ffmpeg", "srt")
@pytest.mark.parametrize("encrypted", [False, True])
async def test_camera_that_waits_for_a_call_is_recorded_byte_for_byte_and_without_its_sound(
    encrypted: bool, footage: tuple[Path, list[list[bytes]]]
) -> None:
    path, expected = footage
    options = f"&passphrase={PASSWORD}&pbkeylen=32" if encrypted else ""
    async with (
        _camera(path, options) as (url, process),
        town(url + "?latency=1500", settings=PATIENT, secret=encrypted) as made,
    ):
        await made.sink.until(lambda: made.sink.frames("cam1") >= 60)
        await made.until(lambda: made.status.state is State.RECORDING)
        process.kill()
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
        await made.end()
    assert _holds(less_sets(made.units())[:60], expected)
    assert made.status.lost == 0
    starting, closed = made.events.of("cam1")[:2]
    assert starting.to_utc_us is not None
    assert (closed.cause, closed.detail in ("closed", "stalled")) == (GapCause.SILENT, True)


@pytest.mark.system("ffmpeg", "srt")
async def test_wrong_passphrase_is_unauthorized_and_stands_in_no_log(
    footage: tuple[Path, list[list[bytes]]], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        _camera(footage[0], "&passphrase=another-one-here") as (url, _),
        town(url, settings=PATIENT, secret=True) as made,
    ):
        await made.until(lambda: made.status.cause == "unauthorized")
        assert made.sink.frames("cam1") == 0
        assert PASSWORD not in repr(made.status)
    assert "unauthorized" in caplog.text
    written = capfd.readouterr()
    assert PASSWORD not in caplog.text + written.out + written.err
    assert PASSWORD not in repr([gap.detail for gap in made.events.told])


@pytest.mark.system("ffmpeg", "srt")
async def test_what_libsrt_held_back_is_taken_off_the_time_of_arrival(
    footage: tuple[Path, list[list[bytes]]],
) -> None:
    async with _camera(footage[0]) as (url, _):
        port = int(url.rpartition(":")[2])
        opened = await asyncio.to_thread(_connected, port, 700)
        assert opened.delay_us == 700_000
        assert (await asyncio.to_thread(opened.read, 100))[:1] == b"\x47"
        await asyncio.to_thread(opened.close)


def _connected(port: int, latency_ms: int) -> SrtInput:
    """Called until the camera has begun to wait."""
    while True:
        try:
            return SrtInput("127.0.0.1", port, None, latency_ms, timeout_s=1.0)
        except CameraUnreachable as error:
            assert error.cause is Cause.TIMEOUT  # noqa: PT017 -- else it is called again


@pytest.mark.system("srt")
def test_nobody_there_is_a_time_out() -> None:
    with pytest.raises(CameraUnreachable) as caught:
        SrtInput("127.0.0.1", free_port(), LOGIN, None, timeout_s=0.2)
    assert caught.value.cause is Cause.TIMEOUT
    assert PASSWORD not in str(caught.value)


@pytest.mark.system("srt")
@pytest.mark.parametrize("family", ["127.0.0.1", "::1", "localhost"])
def test_names_and_addresses_of_both_kinds_are_called(family: str) -> None:
    with pytest.raises(CameraUnreachable) as caught:
        SrtInput(family, free_port(), None, 120, timeout_s=0.1)
    assert caught.value.cause is Cause.TIMEOUT


@pytest.mark.system("srt")
def test_passphrase_that_libsrt_refuses_is_a_login_to_correct() -> None:
    with pytest.raises(CameraUnreachable) as caught:
        SrtInput("127.0.0.1", free_port(), Credentials("", "short"), None, timeout_s=0.1)
    assert caught.value.cause is Cause.UNAUTHORIZED
    assert "short" not in str(caught.value)


def test_machine_without_libsrt_says_so_and_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libsrt, "NAMES", ("libsrt-that-is-not-there.so",))
    srt._library.cache_clear()
    for _ in range(2):
        with pytest.raises(CameraUnreachable) as caught:
            SrtInput("127.0.0.1", 9, None, None, timeout_s=0.1)
        assert caught.value.cause is Cause.NO_LIBRARY
