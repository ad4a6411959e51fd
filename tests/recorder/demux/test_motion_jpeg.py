"""Motion JPEG over HTTP: what a camera's `video.mjpg` sends."""

import asyncio
import logging
from itertools import pairwise

import pytest

from nvr.base.units import us_from_ticks
from storage.records import CodecConfig, GapCause, RandomAccess
from tests.recorder.demux.http_camera import BASIC, http_server, plain
from tests.recorder.demux.town import PASSWORD, Town, town
from tests.recorder.films import film
from tests.recorder.test_mjpeg import jpeg

MULTIPART = plain("multipart/x-mixed-replace; boundary=myboundary")
NOISE = b"--myboundary\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nnoise\r\n"


def part(picture: bytes, *, length: bool = True, kind: str = "image/jpeg") -> bytes:
    size = f"Content-Length: {len(picture)}\r\n" if length else ""
    return f"--myboundary\r\nContent-Type: {kind}\r\n{size}\r\n".encode() + picture + b"\r\n"


def _pictures(count: int) -> list[bytes]:
    return [jpeg(320, 180, scan=b"%04d" % number * 50) for number in range(count)]


def _stored(made: Town) -> list[bytes]:
    pictures = []
    for record in made.sink.records("cam1"):
        at = 0
        for size in record.sizes:
            pictures.append(bytes(record.data[at : at + size]))
            at += size
    return pictures


@pytest.mark.parametrize("length", [True, False], ids=["with-length", "without"])
async def test_pictures_are_stored_byte_for_byte_as_they_come(length: bool) -> None:
    pictures = _pictures(60)
    parts = [part(each, length=length) for each in pictures]
    assert len({len(part) for part in parts}) == 1
    async with (
        http_server(MULTIPART, b"\r\n" + b"".join(parts), size=len(parts[0]), rate_s=0.02, asks=BASIC) as (url, heads),
        town(url, secret=True) as made,
    ):
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
        assert made.status.lost == 0
        await made.end()
    kept = len(pictures) if length else len(pictures) - 1  # the end of the last one is never told
    assert _stored(made)[:kept] == pictures[:kept]
    assert b"Authorization: Basic" in heads[1]
    assert made.sink.of("cam1")[0].start.codec == CodecConfig("mp4v.6C", b"", 320, 180)
    assert [gap.cause for gap in made.events.of("cam1")][:2] == [GapCause.SILENT, GapCause.SILENT]
    assert made.events.of("cam1")[1].detail in ("closed", "garbage")


async def test_record_holds_two_seconds_and_each_begins_where_decoding_may() -> None:
    parts = [part(each) for each in _pictures(150)]
    camera = http_server(MULTIPART, b"".join(parts), size=len(parts[0]), rate_s=0.05)
    async with camera as (url, _), town(url) as made:
        await made.sink.until(lambda: len(made.sink.records("cam1")) >= 3)
        await made.end()
    first, second, third = made.sink.records("cam1")[:3]
    assert [each.random_access for each in (first, second, third)] == [RandomAccess.IDR] * 3
    assert not any(each.continuation for each in (first, second, third))
    assert all(2_000_000 <= us_from_ticks(each.dur_90k) < 2_500_000 for each in (first, second))
    assert len(first.sizes) > 20
    for record in (first, second):
        steps = [later - earlier for earlier, later in pairwise(record.pts_delta_90k)]
        assert min(steps) > 0
    assert second.start_utc_us - first.start_utc_us == pytest.approx(us_from_ticks(first.dur_90k), abs=50_000)


async def test_parts_that_are_no_picture_are_counted_and_the_rest_recorded() -> None:
    pictures = _pictures(80)
    parts = [part(each) + (NOISE if number == 40 else b"") for number, each in enumerate(pictures)]
    camera = http_server(MULTIPART, b"".join(parts), size=len(parts[0]), rate_s=0.02)
    async with camera as (url, _), town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 80)
        assert made.status.lost == 1
        await made.end()
    assert _stored(made)[:80] == pictures


async def test_sound_among_the_pictures_is_not_taken() -> None:
    body = b"".join(part(each) for each in _pictures(30)) + part(b"sound" * 100, kind="audio/basic")
    async with http_server(MULTIPART, body, size=500, rate_s=0.01) as (url, _), town(url) as made:
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
        await made.end()
    assert made.sink.frames("cam1") >= 29
    assert not any(b"sound" in picture for picture in _stored(made))


@pytest.mark.parametrize("container", ["avi", "matroska"])
async def test_sound_beside_the_pictures_of_a_film_is_not_taken(container: str) -> None:
    data = await asyncio.to_thread(film, container, codec="mjpeg", frames=40, sound=True)
    async with http_server(plain("video/x"), data, rate_s=0) as (url, _), town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 40)
        await made.end()
    stored = _stored(made)[:40]
    assert all(picture.startswith(b"\xff\xd8") for picture in stored)
    assert len(set(stored)) == 40


async def test_silence_is_a_gap_and_the_camera_is_called_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    parts = [part(each) for each in _pictures(30)]
    camera = http_server(MULTIPART, b"".join(parts), size=len(parts[0]) * 29, rate_s=3, asks=BASIC)
    async with camera as (url, heads), town(url, secret=True) as made:
        await made.until(lambda: made.status.reconnects >= 1)
        await made.end()
    silent = made.events.of("cam1")[1]
    assert (silent.cause, silent.detail) == (GapCause.SILENT, "stalled")
    assert len(heads) >= 3
    assert PASSWORD not in caplog.text
