"""The second source from camera to records, over every way that this machine has."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.demux import session as session_module
from recorder.demux.reader import Arrived
from storage.records import GapCause, RandomAccess
from tests.recorder.demux.town import less_sets, town
from tests.recorder.films import access_units, film


@pytest.fixture
def address(tmp_path: Path) -> Callable[[bytes], str]:
    def write(data: bytes) -> str:
        path = tmp_path / "film"
        path.write_bytes(data)
        return path.as_uri()

    return write


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        *((container, "libx264") for container in ("mpegts", "mp4", "matroska", "h264")),
        *((container, "libx265") for container in ("mpegts", "mp4", "matroska", "hevc")),
    ],
)
async def test_film_is_stored_as_it_is_in_its_own_time_and_begins_again(
    container: str, codec: str, address: Callable[[bytes], str]
) -> None:
    untimed, h265 = container in ("h264", "hevc"), codec == "libx265"
    data = await asyncio.to_thread(film, container, frames=30, codec=codec, b_frames=0 if untimed else 2)
    url = await asyncio.to_thread(address, data)
    async with town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 30)
        await made.until(lambda: made.status.reconnects >= 1)
        await made.end()
    expected = await asyncio.to_thread(access_units, data)
    stored = less_sets(made.units(), h265=h265)
    assert stored[:30] == less_sets([nals for nals, _ in expected], h265=h265)
    records = made.sink.records("cam1")[:3]
    assert [record.random_access for record in records] == [RandomAccess.IDR] * 3
    times = [record.pts_90k + delta_90k for record in records for delta_90k in record.pts_delta_90k]
    if not untimed:  # a stream without container has no times of its own: arrival counts
        assert times == [pts_90k - expected[0][1] for _, pts_90k in expected]
    config = made.sink.of("cam1")[0].start.codec
    assert (config.codec[:5], config.width, config.height) == ("hvc1." if h265 else "avc1.", 320, 180)
    assert [gap.detail for gap in made.events.of("cam1")][:2] == ["starting", "closed"]


async def test_loop_that_falls_behind_is_a_gap_of_that_cause_and_memory_stays_bounded(
    address: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await asyncio.to_thread(film, "mpegts", frames=400)
    url = await asyncio.to_thread(address, data)
    told = session_module.DemuxSession._take

    def late(session: session_module.DemuxSession, item: object) -> int:
        # As if the queue had been full before the 40th picture: see test_reader.py for the full queue itself.
        assert isinstance(item, Arrived)
        seen.append(item)
        if len(seen) == 40:
            item = replace(item, missed=True)
        return told(session, item)

    seen: list[Arrived] = []

    def taking(session: session_module.DemuxSession, item: object) -> int:
        return late(session, item) if isinstance(item, Arrived) else told(session, item)  # type: ignore[arg-type]

    monkeypatch.setattr(session_module.DemuxSession, "_take", taking)
    async with town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 80)
        await made.end()
    behind = made.events.of("cam1")[1]
    assert behind.cause is GapCause.FELL_BEHIND
    records = made.sink.records("cam1")
    ends = next(at for at, record in enumerate(records) if record.start_utc_us >= (behind.to_utc_us or 0))
    assert records[ends].random_access is RandomAccess.IDR
    assert sum(len(record.sizes) for record in records[:ends]) == 39


async def test_stop_ends_the_thread_of_a_session_that_plays(address: Callable[[bytes], str]) -> None:
    url = await asyncio.to_thread(address, await asyncio.to_thread(film, "mp4", frames=500))
    async with town(url) as made:
        await made.sink.until(lambda: made.sink.frames("cam1") >= 20)
        session = made.worker._session
        assert isinstance(session, session_module.DemuxSession)
        await made.end()
    assert session._reader.over
    assert made.source.abandoned == 0
    assert [gap.cause for gap in made.events.of("cam1")] == [GapCause.SILENT, GapCause.STOPPED]


async def test_coding_that_can_not_be_stored_is_named(address: Callable[[bytes], str]) -> None:
    url = await asyncio.to_thread(address, await asyncio.to_thread(film, "mpegts", codec="mpeg2video"))
    async with town(url) as made:
        await made.until(lambda: made.status.cause == "unsupported-codec")
