"""Cameras on a simulated clock: each a run of its own whose packets arrive when the test says so."""

from collections.abc import Callable

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND
from recorder.gaps import GapLog
from recorder.h264 import H264Depacketiser
from recorder.ports import SegmentSink
from recorder.recording import Recording
from recorder.rtsp.sdp import VideoTrack
from recorder.run import Run
from recorder.server_clock import ServerClock
from storage.buffers import BufferPool
from storage.records import GapCause
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents
from tests.recorder.rtp import PPS, SPS, Packets, fragments, idr, inter

FPS = 5
STEP_90K = 90_000 // FPS
STEP_US = US_PER_SECOND // FPS
MTU = 1400
TRACK = VideoTrack("H264", 96, "", "", (SPS, PPS))


class Line:
    """One camera: a group of pictures a second, each group of about `group_bytes`."""

    def __init__(
        self,
        camera: str,
        sink: SegmentSink,
        events: MemoryEvents,
        clock: SimClock,
        server: ServerClock,
        pool: BufferPool,
        *,
        group_bytes: int,
        segment_s: int = 300,
    ) -> None:
        self.entry = CameraEntry(CameraId(camera), f"rtsp://{camera}/", 0)
        self.sent = 0
        self._clock = clock
        self._server = server
        limit_us = segment_s * US_PER_SECOND
        gaps = GapLog(self.entry.camera, events)
        self.recording = Recording(self.entry, sink, gaps, segment_us=limit_us, first_segment_us=limit_us)
        self.recording.interrupt(GapCause.SILENT, server.utc_us(), "starting")
        self.run = Run(
            self.recording,
            server,
            lambda sink: H264Depacketiser(sink, pool, channel=0, payload_type=96, parameter_sets=(SPS, PPS)),
        )
        self._made = Packets()
        self.set_bitrate(group_bytes)

    def set_bitrate(self, group_bytes: int) -> None:
        """From the next picture on."""
        size = group_bytes // (2 * FPS)
        self._key, self._other = idr(group_bytes - (FPS - 1) * size), inter(size)

    def picture(self) -> None:
        """The next picture arrives now."""
        nal = self._other if self.sent % FPS else self._key
        payloads = fragments(nal, MTU) if len(nal) > MTU else [nal]
        buffer = bytearray(b"".join(self._made.unit(1000 + self.sent * STEP_90K, payloads)))
        self.sent += 1
        self.run.reading(self._clock.mono_us())
        with memoryview(buffer) as view:
            assert self.run.depacketiser.walk(buffer, view, 0, len(buffer)) == len(buffer)
        self.run.read()

    def end(self) -> None:
        """The camera is stopped."""
        self.run.flush()
        self.recording.end(GapCause.STOPPED, self._server.utc_us(), "")


class Lines:
    """Several cameras of one shard, in step."""

    def __init__(self) -> None:
        self.clock, self.events, self.pool = SimClock(), MemoryEvents(), BufferPool()
        self.server = ServerClock(self.clock, self.events, first_epoch=1, is_synchronised=lambda: True)
        self.lines: dict[str, Line] = {}

    def add(self, camera: str, sink: SegmentSink, *, group_bytes: int, segment_s: int = 300) -> Line:
        self.lines[camera] = Line(
            camera,
            sink,
            self.events,
            self.clock,
            self.server,
            self.pool,
            group_bytes=group_bytes,
            segment_s=segment_s,
        )
        return self.lines[camera]

    def play(self, seconds: int, *, after_each: Callable[[], object] = lambda: None) -> None:
        """So many seconds of every camera; `after_each` of them the test may wait for the disks."""
        for _ in range(seconds):
            for _ in range(FPS):
                self.clock.advance(STEP_US)
                for line in self.lines.values():
                    line.picture()
            after_each()

    def end(self) -> None:
        for line in self.lines.values():
            line.end()
