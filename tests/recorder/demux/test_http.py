"""Cameras over HTTP, from the request to the records."""

import asyncio
import hashlib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.demux.http import HttpInput
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust
from recorder.status import State
from tests.recorder.certificates import certificate
from tests.recorder.city import QUICK
from tests.recorder.demux.http_camera import BASIC, http_server, plain
from tests.recorder.demux.town import PASSWORD, town
from tests.recorder.films import film

LOGIN = Credentials("ville", PASSWORD)
DIGEST = 'Digest realm="c", nonce="n0nce", algorithm=SHA-256, qop="auth"'
TS = plain("video/mp2t")


async def _opened(url: str, credentials: Credentials | None = None, trust: Trust | None = None) -> bytes:
    """Ten bytes of the body."""

    def read() -> bytes:
        body = HttpInput(url, credentials, trust or Trust(), timeout_s=5)
        try:
            return body.read(10)
        finally:
            body.close()

    return await asyncio.to_thread(read)


async def _cause(url: str, credentials: Credentials | None = None, trust: Trust | None = None) -> Cause:
    with pytest.raises(CameraUnreachable) as caught:
        await _opened(url, credentials, trust)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.cause


async def test_transport_stream_over_http_is_recorded_with_the_login_it_was_given() -> None:
    data = await asyncio.to_thread(film, "mpegts", frames=100)
    async with http_server(TS, data, rate_s=0.02, asks=BASIC) as (url, heads), town(url, secret=True) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 90)
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
    assert made.events.of("cam1")[1].detail == "closed"
    assert b"Authorization: Basic dmlsbGU6Z3I0c3NoMHBwZXI=" in heads[1]
    assert heads[1].startswith(b"GET /video?x=1 HTTP/1.1\r\n")
    assert PASSWORD.encode() not in b"".join(heads)


async def test_digest_is_answered_and_the_password_is_not_sent() -> None:
    async with http_server(TS, b"0123456789", asks=DIGEST) as (url, heads):
        assert await _opened(url, LOGIN) == b"0123456789"
    assert b"Authorization" not in heads[0]
    assert b'username="ville"' in heads[1]
    assert b"algorithm=SHA-256" in heads[1]
    assert PASSWORD.encode() not in heads[1]


async def test_login_that_is_refused_is_asked_for_once() -> None:
    refusal = f"HTTP/1.1 401 No\r\nWWW-Authenticate: {BASIC}\r\nContent-Length: 0\r\n\r\n".encode()
    async with http_server(refusal) as (url, heads):
        assert await _cause(url, LOGIN) is Cause.UNAUTHORIZED
        assert len(heads) == 2


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("401 Unauthorized", "unauthorized"),
        ("403 Forbidden", "unauthorized"),
        ("404 Not Found", "not-found"),
        ("500 Oops", "rejected"),
        ("503 Too many viewers", "busy"),
    ],
)
async def test_answer_of_an_http_camera_is_named(status: str, cause: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    async with http_server(answer) as (url, _), town(url) as made:
        await made.until(lambda: made.status.cause == cause)
        assert made.status.state in (State.WAITING, State.CONNECTING)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [(b"RTSP/1.0 200 OK\r\n\r\n", Cause.GARBAGE), (b"", Cause.CLOSED), (b"\0" * 70_000, Cause.GARBAGE)],
)
async def test_answer_that_is_no_http_is_named(answer: bytes, cause: Cause) -> None:
    async with http_server(answer) as (url, _):
        assert await _cause(url) is cause


@pytest.mark.parametrize("url", ["http://127.0.0.1:70000/x", "http:///x", "http://no.such.host.invalid/x"])
async def test_address_that_leads_nowhere_is_named(url: str) -> None:
    assert await _cause(url) in (Cause.GARBAGE, Cause.UNREACHABLE)


async def test_silence_in_the_body_ends_the_reading_after_the_time_that_was_set() -> None:
    def read(url: str) -> None:
        body = HttpInput(url, None, Trust(), timeout_s=5)
        try:
            assert body.read(10) == b"0123456789"
            body.wait_at_most(0.05)
            body.read(10)
        finally:
            body.close()

    async with http_server(TS, b"0123456789" * 2, size=10, rate_s=30) as (url, _):
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(read, url)


def _moved(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


async def test_redirect_is_followed() -> None:
    async with http_server(TS, b"0123456789") as (elsewhere, heads), http_server(_moved(elsewhere)) as (url, _):
        assert await _opened(url) == b"0123456789"
    assert len(heads) == 1


async def test_camera_that_redirects_to_itself_is_given_up() -> None:
    async with http_server(_moved("/again")) as (url, heads):
        assert await _cause(url) is Cause.REDIRECTED
        assert len(heads) == 6


async def test_redirect_to_a_file_is_refused() -> None:
    async with http_server(_moved("file:///etc/passwd")) as (url, _):
        assert await _cause(url) is Cause.GARBAGE


async def test_login_is_not_given_to_the_host_that_a_redirect_names() -> None:
    async with (
        http_server(TS, asks=BASIC) as (elsewhere, heads),
        http_server(_moved(elsewhere), asks=BASIC) as (url, known),
        town(url, secret=True) as made,
    ):
        await made.until(lambda: made.status.cause == "unauthorized")
    assert b"Authorization" in known[1]
    assert heads
    assert b"Authorization" not in b"".join(heads)


def _certified(folder: Path) -> tuple[ssl.SSLContext, Path, str]:
    """What a camera speaks TLS with, its certificate, and the fingerprint."""
    path = certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    pem = path.read_text().partition("-----BEGIN CERTIFICATE-----")
    der = ssl.PEM_cert_to_DER_cert(pem[1] + pem[2])
    return tls, path, hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("by", ["authority", "pin"])
async def test_encrypted_camera_is_recorded_when_camera_tls_trusts_it(by: str, tmp_path: Path) -> None:
    tls, path, pin = await asyncio.to_thread(_certified, tmp_path)
    authority = await asyncio.to_thread(ssl.create_default_context, cafile=str(path))
    trust = Trust(authority) if by == "authority" else Trust(pins={"127.0.0.1": pin})
    data = await asyncio.to_thread(film, "mpegts", frames=60)
    async with http_server(TS, data, tls=tls) as (url, _), town(url, settings=replace(QUICK, trust=trust)) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 20)


@pytest.mark.parametrize("wrong", ["nobody", "pin", "name"])
async def test_encrypted_camera_that_is_not_trusted_is_asked_nothing(wrong: str, tmp_path: Path) -> None:
    tls, path, _ = await asyncio.to_thread(_certified, tmp_path)
    authority = await asyncio.to_thread(ssl.create_default_context, cafile=str(path))
    trust = {"nobody": Trust(), "pin": Trust(pins={"127.0.0.1": "0" * 64}), "name": Trust(authority)}[wrong]
    async with http_server(TS, b"0123456789", tls=tls) as (url, heads):
        asked = url.replace("127.0.0.1", "localhost") if wrong == "name" else url
        assert await _cause(asked, LOGIN, trust) is Cause.UNTRUSTED
        assert not heads


async def test_encryption_is_not_given_up_for_a_redirect(tmp_path: Path) -> None:
    tls, _, pin = await asyncio.to_thread(_certified, tmp_path)
    async with http_server(TS, b"0123456789") as (bare, heads), http_server(_moved(bare), tls=tls) as (url, _):
        assert await _cause(url, LOGIN, Trust(pins={"127.0.0.1": pin})) is Cause.REDIRECTED
    assert not heads
