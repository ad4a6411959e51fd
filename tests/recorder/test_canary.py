"""A password that is known is looked for in everything that the recorder tells, whatever goes wrong."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import quote

import pytest

from nvr.base.ids import CameraId
from nvr.sim.server import HOST, Simulator
from storage.snapshot import CameraEntry
from tests.canary import forms
from tests.recorder.city import SMALL, City, city

USER, PASSWORD = "kanarienvogel", "c4nary:%40é/\\\"'#?&=@ "
NEEDLES = {USER, "c4nary", *forms(USER, PASSWORD)}

SDP = b"v=0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n"
DESCRIBED = b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(SDP), SDP)
OK = "RTSP/1.0 200 OK\r\n"

LIARS = {
    # What a camera that repeats the password answers to DESCRIBE, and to SETUP; the cause of the failure.
    "reason": ("RTSP/1.0 500 {c}\r\n\r\n", "", "rejected"),
    "busy": ("RTSP/1.0 453 {c}\r\n\r\n", "", "busy"),
    "realm": ('RTSP/1.0 401 {c}\r\nWWW-Authenticate: Digest realm="{c}", nonce="{c}"\r\n\r\n', "", "unauthorized"),
    "scheme": ("RTSP/1.0 401 No\r\nWWW-Authenticate: {c}\r\n\r\n", "", "unauthorized"),
    "location": ("RTSP/1.0 302 {c}\r\nLocation: http://{u}:{c}@x/{c}\r\n\r\n", "", "garbage"),
    "moved": ("RTSP/1.0 302 {c}\r\nLocation: rtsp://{u}:{q}@127.0.0.1:1/{q}?{q}\r\n\r\n", "", "refused"),
    "noise": ("{c}", "", "garbage"),
    "length": (OK + "Content-Length: {c}\r\n\r\n", "", "garbage"),
    "sdp": (OK + "Content-Length: 9\r\n\r\n{c}", "", "garbage"),
    "session": ("", OK + "Session: {u} {c}\r\n\r\n", "garbage"),
    "transport": ("", OK + "Transport: {c}\r\n\r\n", "unsupported-transport"),
    "channels": ("", OK + "Transport: RTP/AVP/TCP;interleaved=999-999;{c}\r\n\r\n", "garbage"),
    "request": ("REDIRECT * RTSP/1.0\r\nCSeq: 1\r\nLocation: {c}://{c}\r\n\r\n", "", "garbage"),
}


@asynccontextmanager
async def _liar() -> AsyncIterator[str]:
    """The address of a host whose cameras, by the first part of the path, answer as LIARS says."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, uri = head.split(" ")[:2]
                if method.startswith("RTSP/"):
                    continue
                describe, set_up, _ = LIARS[uri.split("/")[3].partition("?")[0]]
                script = {"DESCRIBE": describe, "SETUP": set_up}.get(method, f"{OK}\r\n")
                said = (
                    script.replace("{c}", PASSWORD)
                    .replace("{u}", USER)
                    .replace("{q}", quote(PASSWORD, safe=""))
                    .encode()
                )
                number = head.split("CSeq: ")[1].split("\r\n")[0].encode()
                answer = said or DESCRIBED
                writer.write(answer.replace(b"\r\n", b"\r\nCSeq: %s\r\n" % number, 1))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, HOST, 0)
    async with server:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"


def _failed(town: City, camera: str, cause: str) -> bool:
    return town.status(camera).cause == cause


def _told(text: str) -> list[str]:
    return [needle for needle in NEEDLES if needle in text]


@pytest.mark.parametrize(
    "userinfo", ["", f"{USER}:{quote(PASSWORD, safe='')}@"], ids=["secrets file", "secrets file and URL"]
)
async def test_password_stands_in_nothing_that_is_told_of_a_camera_that_repeats_it(
    userinfo: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with _liar() as address:

        def entries(_sim: Simulator) -> list[CameraEntry]:
            return [
                CameraEntry(CameraId(name), f"rtsp://{userinfo}{address}/{name}?token={quote(PASSWORD)}", 0, "login")
                for name in LIARS
            ]

        async with city(SMALL, entries=entries, secrets={"login": (USER, PASSWORD)}.__getitem__) as town:
            for name, (_, _, cause) in LIARS.items():
                await town.until(partial(_failed, town, name, cause))
            told = repr(town.shard.status())
    told += repr(town.events.told) + caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    told += "".join(capfd.readouterr())
    assert "camera noise" in told
    assert _told(told) == []
