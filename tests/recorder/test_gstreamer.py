"""Against a server that is not ours: what we store is, byte for byte, what FFmpeg's own RTSP client delivers.

The encoder is deterministic and begins anew for each client, so that both see the same pictures.
"""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
import pytest

from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from recorder.shard import Shard
from recorder.status import CameraStatus
from storage.records import RandomAccess
from storage.snapshot import CameraEntry
from tests.recorder.city import QUICK, Ticking
from tests.recorder.fakes import MemoryEvents, MemorySink

pytestmark = pytest.mark.system("gstreamer")

SERVER = Path(__file__).resolve().parents[1] / "counterparts" / "gst_server.py"
SOURCE = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1"
ENCODER = "x264enc speed-preset=ultrafast tune=zerolatency bitrate=500 threads=1"
SOUND = "audiotestsrc is-live=true ! mulawenc ! rtppcmupay name=pay1"
PAY = "rtph264pay name=pay0 pt=96"
ENCODER_265 = "x265enc speed-preset=ultrafast tune=zerolatency bitrate=500"
REORDERING_265 = "x265enc speed-preset=ultrafast bitrate=500"
PAY_265 = "rtph265pay name=pay0 pt=96"


@contextmanager
def _serving(launch: str) -> Iterator[str]:
    with subprocess.Popen(
        ["/usr/bin/python3", str(SERVER), launch], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield f"rtsp://127.0.0.1:{int(server.stdout.readline())}/live"
        server.stdin.close()


def _foreign(url: str, packets: int, *, transport: str = "tcp") -> list[list[bytes]]:
    """NAL units of each access unit, as FFmpeg's demuxer delivers them."""
    units = []
    with av.open(url, options={"rtsp_transport": transport}, timeout=10) as container:
        for packet in container.demux(video=0):
            units.append(_annex_b(bytes(packet)))
            if len(units) == packets:
                break
    return units


def _annex_b(data: bytes) -> list[bytes]:
    return [nal.rstrip(b"\0") for nal in data.split(b"\0\0\1") if nal.rstrip(b"\0")]


def _samples(data: bytes) -> list[bytes]:
    nals, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        nals.append(data[at + 4 : at + 4 + size].rstrip(b"\0"))
        at += 4 + size
    return nals


def _without_sets(units: list[list[bytes]], *, h265: bool) -> list[list[bytes]]:
    """Less parameter sets: FFmpeg puts those of the SDP in front of the first picture."""
    if h265:
        return [[nal for nal in unit if nal[0] >> 1 & 0x3F not in (32, 33, 34)] for unit in units]
    return [[nal for nal in unit if nal[0] & 0x1F not in (7, 8)] for unit in units]


async def _recorded(launch: str) -> tuple[CameraStatus, MemorySink, list[list[bytes]]]:
    """What we made of the stream, and what FFmpeg did."""
    with _serving(launch) as url:
        sink, stop = MemorySink(), Stop()
        shard = Shard(
            [CameraEntry(CameraId("gst"), url, 0)],
            {"": ("", "")}.__getitem__,
            sink,
            MemoryEvents(),
            Ticking(),
            QUICK,
            is_synchronised=lambda: True,
        )
        task = asyncio.create_task(shard.run(stop))
        foreign = await asyncio.to_thread(_foreign, url, 60)
        await sink.until(lambda: sink.frames("gst") >= 75)
        status = shard.status()[0]
        stop.set()
        await task
    return status, sink, foreign


def _units(sink: MemorySink) -> list[list[bytes]]:
    """NAL units of each access unit that we stored."""
    units = []
    for record in sink.records("gst"):
        at = 0
        for size in record.sizes:
            units.append(_samples(bytes(record.data[at : at + size])))
            at += size
    return units


@pytest.mark.parametrize(
    "launch",
    [
        f"( {SOURCE} ! {ENCODER} key-int-max=25 ! {PAY} config-interval=-1 )",
        f"( {SOURCE} ! {ENCODER} key-int-max=25 ! {PAY} aggregate-mode=zero-latency mtu=300 )",
        f"( {SOURCE} ! x264enc speed-preset=ultrafast threads=1 bframes=2 b-adapt=false key-int-max=25 ! {PAY} )",
        f"( {SOURCE} ! {ENCODER} intra-refresh=true key-int-max=25 ! {PAY} config-interval=1 )",
        f"( {SOURCE} ! {ENCODER} key-int-max=25 option-string=slices=4 ! {PAY} {SOUND} )",
        f"( {SOURCE} ! {ENCODER_265} key-int-max=25 ! {PAY_265} config-interval=-1 )",
        f"( {SOURCE} ! {ENCODER_265} key-int-max=25 ! {PAY_265} aggregate-mode=zero-latency mtu=300 )",
        f"( {SOURCE} ! {REORDERING_265} option-string=bframes=2:b-adapt=0:open-gop=0 key-int-max=25 ! {PAY_265} )",
        f"( {SOURCE} ! {REORDERING_265} option-string=bframes=3:b-adapt=0:open-gop=1 key-int-max=25 ! {PAY_265} )",
        f"( {SOURCE} ! {ENCODER_265} key-int-max=25 option-string=intra-refresh=1 ! {PAY_265} config-interval=1 )",
        f"( {SOURCE} ! {ENCODER_265} key-int-max=25 option-string=slices=4:hash=1:aud=1 ! {PAY_265} {SOUND} )",
    ],
    ids=[
        "sets in band",
        "aggregated, small packets",
        "b-frames",
        "intra refresh",
        "slices, with sound",
        "h265, sets in band",
        "h265, aggregated, small packets",
        "h265, b-frames",
        "h265, open groups",
        "h265, intra refresh",
        "h265, slices, hash in suffix sei, with sound",
    ],
)
async def test_stored_access_units_are_those_that_a_foreign_client_gets(launch: str) -> None:
    status, sink, foreign = await _recorded(launch)
    kinds = [record.random_access for record in sink.records("gst")]
    assert kinds[0] is not RandomAccess.NONE
    # x265 marks no recovery points: what it sends is one endless group.
    assert (RandomAccess.RECOVERY_POINT in kinds) == ("x264enc" in launch and "intra-refresh" in launch)
    assert (status.width, status.height, status.lost, status.reconnects) == (320, 240, 0, 0)
    h265 = status.codec is not None and status.codec.startswith("hvc1")
    assert h265 == ("x265enc" in launch)
    assert _without_sets(_units(sink), h265=h265)[: len(foreign)] == _without_sets(foreign, h265=h265)


@pytest.mark.parametrize(
    ("encoder", "h265"),
    [
        (f"{ENCODER} key-int-max=25 ! {PAY} config-interval=-1", False),
        (f"{ENCODER_265} key-int-max=25 ! {PAY_265} config-interval=-1", True),
    ],
    ids=["h264", "h265"],
)
async def test_picture_that_changes_its_size_goes_on_in_a_segment_of_its_own(encoder: str, *, h265: bool) -> None:
    # Sources that are not live: of two live ones behind each other, some pictures fall away, never the same.
    small = SOURCE.replace("is-live=true", "num-buffers=40")
    large = SOURCE.replace("is-live=true", "").replace("width=320,height=240", "width=640,height=480")
    status, sink, foreign = await _recorded(f"( {small} ! queue ! c. {large} ! queue ! c. concat name=c ! {encoder} )")
    before, after = sink.of("gst")
    assert [(each.start.codec.width, each.start.codec.height) for each in (before, after)] == [(320, 240), (640, 480)]
    assert before.start.run == after.start.run
    assert after.records[0].random_access is RandomAccess.IDR
    assert status.lost == 0
    assert _without_sets(_units(sink), h265=h265)[: len(foreign)] == _without_sets(foreign, h265=h265)


async def test_server_whose_stream_ends_says_goodbye_and_is_called_again_before_it_counts_as_silent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    film = SOURCE.replace("is-live=true", "num-buffers=60")
    with _serving(f"( {film} ! {ENCODER} key-int-max=25 ! {PAY} )") as url:
        sink, events, stop = MemorySink(), MemoryEvents(), Stop()
        settings = replace(QUICK, stall_s=3600)
        entry = CameraEntry(CameraId("gst"), url, 0)
        shard = Shard(
            [entry], {"": ("", "")}.__getitem__, sink, events, Ticking(), settings, is_synchronised=lambda: True
        )
        task = asyncio.create_task(shard.run(stop))
        await sink.until(lambda: sink.frames("gst") > 90)
        stop.set()
        await task
    assert "closed" in [gap.detail for gap in events.of("gst")]
    assert "what=bye" in caplog.text
