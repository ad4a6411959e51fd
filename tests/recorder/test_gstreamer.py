"""Against a server that is not ours: what we store is, byte for byte, what FFmpeg's own RTSP client delivers.

The encoder is deterministic and begins anew for each client, so that both see the same pictures.
"""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest

from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from recorder.shard import Shard
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


@contextmanager
def _serving(launch: str) -> Iterator[str]:
    with subprocess.Popen(
        ["/usr/bin/python3", str(SERVER), launch], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield f"rtsp://127.0.0.1:{int(server.stdout.readline())}/live"
        server.stdin.close()


def _foreign(url: str, packets: int) -> list[list[bytes]]:
    """NAL units of each access unit, as FFmpeg's demuxer delivers them."""
    units = []
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=10) as container:
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


def _without_sets(units: list[list[bytes]]) -> list[list[bytes]]:
    """Less parameter sets: FFmpeg puts those of the SDP in front of the first picture."""
    return [[nal for nal in unit if nal[0] & 0x1F not in (7, 8)] for unit in units]


@pytest.mark.parametrize(
    "launch",
    [
        f"( {SOURCE} ! {ENCODER} key-int-max=25 ! {PAY} config-interval=-1 )",
        f"( {SOURCE} ! {ENCODER} key-int-max=25 ! {PAY} aggregate-mode=zero-latency mtu=300 )",
        f"( {SOURCE} ! x264enc speed-preset=ultrafast threads=1 bframes=2 b-adapt=false key-int-max=25 ! {PAY} )",
        f"( {SOURCE} ! {ENCODER} intra-refresh=true key-int-max=25 ! {PAY} config-interval=1 )",
        f"( {SOURCE} ! {ENCODER} key-int-max=25 option-string=slices=4 ! {PAY} {SOUND} )",
    ],
    ids=["sets in band", "aggregated, small packets", "b-frames", "intra refresh", "slices, with sound"],
)
async def test_stored_access_units_are_those_that_a_foreign_client_gets(launch: str) -> None:
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
    records = sink.records("gst")
    assert records[0].random_access is not RandomAccess.NONE
    assert (status.width, status.height, status.lost, status.reconnects) == (320, 240, 0, 0)
    ours = []
    for record in records:
        at = 0
        for size in record.sizes:
            ours.append(_samples(bytes(record.data[at : at + size])))
            at += size
    assert _without_sets(ours)[: len(foreign)] == _without_sets(foreign)
