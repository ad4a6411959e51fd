"""VLC as a camera: it serves RTSP with pictures over UDP, and over TCP to nobody."""

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.recorder.demux.town import less_sets, town
from tests.recorder.films import film
from tests.recorder.test_gstreamer import _foreign

pytestmark = pytest.mark.system("vlc")

SECONDS = 50


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def _vlc() -> Iterator[str]:
    """Plays a film in its own time; what it serves. VLC does not run as root, and reads the film from a pipe."""
    url = f"rtsp://127.0.0.1:{_free_port()}/live"
    somebody = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    command = [*somebody, "cvlc", "--quiet", "--no-audio", "-", "--sout", f"#rtp{{sdp={url}}}", "--sout-keep"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": "/tmp"}
    ) as vlc:
        assert vlc.stdin is not None
        vlc.stdin.write(film("mpegts", frames=SECONDS * 25))
        vlc.stdin.flush()
        try:
            yield url
        finally:
            vlc.terminate()


async def test_pictures_are_those_that_a_foreign_client_gets_meanwhile() -> None:
    with _vlc() as url:
        async with town(url.replace("rtsp://", "rtspu://")) as made:
            await made.sink.until(lambda: made.sink.frames("cam1") >= 10)
            foreign = await asyncio.to_thread(_foreign, url, 60, transport="udp")
            at_least = made.sink.frames("cam1") + 30
            await made.sink.until(lambda: made.sink.frames("cam1") >= at_least)
            status = made.status
        ours, theirs = less_sets(made.units()), less_sets(foreign)
    assert (status.width, status.height, status.lost, status.reconnects) == (320, 180, 0, 0)
    assert any(ours[at : at + len(theirs)] == theirs for at in range(len(ours)))


async def test_server_that_sends_over_udp_alone_is_named_so_by_the_native_source() -> None:
    with _vlc() as url:
        async with town(url) as made:
            await made.until(lambda: made.status.cause == "unsupported-transport")
            assert made.sink.frames("cam1") == 0
