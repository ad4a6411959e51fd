"""A camera whose every byte is the fuzzer's, and the recorder behind it, on a simulated clock."""

import asyncio
from functools import partial
from typing import Final, cast

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND
from recorder.codecs import depacketiser_of
from recorder.gaps import GapLog
from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser
from recorder.recording import Recording
from recorder.rtsp.auth import Credentials
from recorder.rtsp.client import Channels, RtspClient
from recorder.rtsp.protocol import RtspProtocol
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.url import parse_url
from recorder.run import Run
from recorder.server_clock import ServerClock
from storage.buffers import BufferPool
from storage.snapshot import CameraEntry
from tests.fuzz.codings import Depacketiser
from tests.fuzz.invariants import check_recorded
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.rtsp.test_protocol import Wire

AnyDepacketiser = H264Depacketiser | H265Depacketiser

BASE: Final = "rtsp://cam1/live"
USER: Final = "ville"
PASSWORD: Final = "gr4ssh0pper"


class Camera:
    """From bytes to records in memory; `check_invariants` at the end."""

    def __init__(self, *, has_password: bool = False) -> None:
        self.clock, self.sink, self.events, self.wire = SimClock(), MemorySink(), MemoryEvents(), Wire()
        self.clock.advance(US_PER_SECOND)
        self.runs: list[Run[AnyDepacketiser]] = []
        self._server = ServerClock(self.clock, self.events, first_epoch=1, is_synchronised=lambda: True)
        entry = CameraEntry(CameraId("cam1"), BASE, 0)
        limit_us = 20 * US_PER_SECOND
        gaps = GapLog(entry.camera, self.events)
        self._recording = Recording(entry, self.sink, gaps, segment_us=limit_us, first_segment_us=limit_us)
        credentials = Credentials(user=USER, password=PASSWORD) if has_password else None
        self.session = RtspProtocol(RtspClient(parse_url(BASE), credentials), self.clock, self.begin)
        self.session.connection_made(cast("asyncio.Transport", self.wire))

    def begin(self, track: VideoTrack, channels: Channels) -> Run[AnyDepacketiser]:
        make = partial(
            depacketiser_of(track.encoding),
            channel=channels.rtp,
            payload_type=track.payload_type,
            parameter_sets=track.parameter_sets,
        )
        self._recording.require_random_access()
        self.runs.append(Run(self._recording, self._server, lambda sink: make(sink, BufferPool())))
        return self.runs[-1]

    def receive(self, data: bytes, step: int) -> None:
        """The camera sends this; it arrives in pieces of `step` bytes."""
        at = 0
        while at < len(data):
            room = self.session.get_buffer(-1)
            assert len(room) > 0
            taken = min(step, len(room), len(data) - at)
            room[:taken] = data[at : at + taken]
            self.session.buffer_updated(taken)
            at += taken

    def check_invariants(self, *, was_flushed: bool = False) -> None:
        """Close what is open, and look at everything that was recorded; `was_flushed` while the camera played."""
        for run in self.runs:
            run.flush()
        self._recording.rotate()
        check_recorded(self.sink, self.events.told, was_flushed=was_flushed)


class Reads:
    """Interleaved frames to a depacketiser, in reads of one size, as the protocol gives them."""

    def __init__(self, depacketiser: Depacketiser, step: int) -> None:
        self._depacketiser, self._step = depacketiser, step
        self._buffer = bytearray()

    def parts(self, data: bytes) -> list[bytes]:
        """What is read at once, one after the other."""
        return [data[at : at + self._step] for at in range(0, len(data), self._step)]

    def take(self, part: bytes) -> None:
        """One read."""
        buffer, depacketiser = self._buffer, self._depacketiser
        buffer += part
        at, end = 0, len(buffer)
        with memoryview(buffer) as view:
            while at < end:
                at = depacketiser.walk(buffer, view, at, end)
                assert at <= end
                stop = at + 4 + int.from_bytes(buffer[at + 2 : at + 4], "big")
                if end - at < 4 or stop > end:
                    break
                if buffer[at + 1] == 0:
                    depacketiser.packet(buffer, view, at + 4, stop)
                at = stop
        del buffer[:at]
