import asyncio
import errno
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from recorder.depacketiser import UnitSink
from recorder.errors import CameraUnreachable, Cause
from recorder.gaps import GapLog
from recorder.h264 import H264Depacketiser
from recorder.recording import Recording
from recorder.rtsp import protocol
from recorder.rtsp.client import Channels, RtspClient
from recorder.rtsp.protocol import RtspProtocol
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.url import parse_url
from recorder.run import Run
from recorder.server_clock import ServerClock
from storage.buffers import BufferPool
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents, MemorySink
from tests.recorder.rtp import (
    PPS,
    SPS,
    Packets,
    fragments,
    frame,
    idr,
    inter,
    sample,
)

SDP = b"v=0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n"

Begin = Callable[[VideoTrack, Channels], Run[H264Depacketiser]]


class Wire:
    """The transport and its socket, as far as a session uses them."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False
        self.options: list[int] = []
        self.unsent = 0
        self.aborted = False
        self.reads = True

    def write(self, data: bytes) -> None:
        if data:
            self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def pause_reading(self) -> None:
        assert self.reads
        self.reads = False

    def resume_reading(self) -> None:
        assert not self.reads
        self.reads = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def get_extra_info(self, name: str) -> "Wire | None":
        return self if name == "socket" else None

    def setsockopt(self, _level: int, _option: int, value: int) -> None:
        if self.closed:
            raise OSError(errno.EBADF, "closed")
        self.options.append(value)


class Bench:
    """A session whose camera's bytes the test writes itself."""

    def __init__(self, begin: Begin | None = None) -> None:
        self.clock, self.sink, self.wire = SimClock(), MemorySink(), Wire()
        events = MemoryEvents()
        server = ServerClock(self.clock, events, first_epoch=1, is_synchronised=lambda: True)
        entry = CameraEntry(CameraId("cam1"), "rtsp://cam1/", 0)
        gaps = GapLog(CameraId("cam1"), events)
        recording = Recording(entry, self.sink, gaps, segment_us=10**12, first_segment_us=10**12)
        self.runs: list[Run[H264Depacketiser]] = []

        def run(track: VideoTrack, channels: Channels) -> Run[H264Depacketiser]:
            def depacketise(sink: UnitSink) -> H264Depacketiser:
                sets = track.parameter_sets
                return H264Depacketiser(
                    sink, BufferPool(), channel=channels.rtp, payload_type=track.payload_type, parameter_sets=sets
                )

            self.runs.append(Run(recording, server, depacketise))
            return self.runs[-1]

        self.begin: Begin = begin or run
        client = RtspClient(parse_url("rtsp://cam1/live"), None)
        self.session = RtspProtocol(client, self.clock, self.begin)
        self.session.connection_made(cast("asyncio.Transport", self.wire))
        self.packets = Packets()

    def receive(self, data: bytes, *, step: int = 1 << 20) -> None:
        for at in range(0, len(data), step):
            part = data[at : at + step]
            while part:
                room = self.session.get_buffer(-1)
                assert len(room) > 0
                taken = min(len(part), len(room))
                room[:taken] = part[:taken]
                self.session.buffer_updated(taken)
                part = part[taken:]

    def setup(self) -> bytes:
        """The answers up to PLAY."""
        answers = [
            b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, GET_PARAMETER\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %d\r\n\r\n%s" % (len(SDP), SDP),
            b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 9\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n",
        ]
        return b"".join(answers)

    def pictures(self, first: int = 0, count: int = 50) -> bytes:
        parts = []
        for index in range(first, first + count):
            nals = [SPS, PPS, *fragments(idr(3000), 1000)] if index % 10 == 0 else [inter(400)]
            parts += self.packets.unit(index * 3600, nals)
        return b"".join(parts)

    def stored(self) -> list[bytes]:
        for run in self.runs:
            run.flush()
        units = []
        for record in self.sink.records("cam1"):
            at = 0
            for size in record.sizes:
                units.append(bytes(record.data[at : at + size]))
                at += size
        return units

    @property
    def methods(self) -> list[str]:
        return [written.split(b" ")[0].decode() for written in self.wire.written]


EXPECTED = [sample(SPS, PPS, idr(3000)) if index % 10 == 0 else sample(inter(400)) for index in range(50)]


@pytest.mark.parametrize("step", [1, 2, 3, 1000, 1 << 20])
def test_pictures_are_the_same_in_segments_of_any_size(step: int) -> None:
    bench = Bench()
    bench.receive(bench.setup() + bench.pictures(), step=step)
    assert bench.methods == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert bench.stored() == EXPECTED


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=60))
def test_pictures_are_the_same_however_reads_fall(sizes: list[int]) -> None:
    bench = Bench()
    stream = bench.setup() + bench.pictures()
    at, turn = 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        bench.receive(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert bench.stored() == EXPECTED


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=60))
def test_connections_that_are_read_in_turn_keep_what_they_have_not_finished(sizes: list[int]) -> None:
    benches = [Bench(), Bench(), Bench()]
    streams = [bytearray(bench.setup() + bench.pictures()) for bench in benches]
    turn = 0
    while any(streams):
        for bench, stream in zip(benches, streams, strict=True):
            size = sizes[turn % len(sizes)]
            bench.receive(bytes(stream[:size]))
            del stream[:size]
            turn += 1
    assert [bench.stored() for bench in benches] == [EXPECTED] * 3


async def test_fault_of_the_program_is_raised_to_who_waits() -> None:
    def begin(_track: VideoTrack, _channels: Channels) -> Run[H264Depacketiser]:
        raise ZeroDivisionError

    bench = Bench(begin)
    bench.receive(bench.setup())
    with pytest.raises(ZeroDivisionError):
        await bench.session.played()


async def test_lost_connection_is_told_as_closed() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    await bench.session.played()
    bench.session.connection_lost(None)
    with pytest.raises(CameraUnreachable) as caught:
        await bench.session.ended()
    assert caught.value.cause is Cause.CLOSED


async def test_end_on_our_side_sends_teardown_and_raises_nothing() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.session.close()
    await bench.session.ended()
    assert bench.methods[-1] == "TEARDOWN"
    assert bench.wire.closed


async def test_camera_that_asks_and_never_reads_the_answers_is_given_up_and_cut() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.wire.unsent = protocol.MAX_UNSENT + 1
    bench.receive(b"OPTIONS rtsp://us RTSP/1.0\r\nCSeq: 5\r\n\r\n")
    with pytest.raises(CameraUnreachable, match="timeout"):
        await bench.session.ended()
    assert bench.wire.aborted


def test_end_of_a_session_whose_camera_reads_nothing_waits_for_no_flush() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.wire.unsent = 1
    ticks(bench, 0.5)
    bench.session.close()
    assert bench.wire.aborted
    assert "TEARDOWN" not in bench.methods


def test_end_right_after_a_request_that_the_loop_has_not_sent_yet_is_told_to_the_camera() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    ticks(bench, 30)
    bench.wire.unsent = 200
    bench.session.close()
    assert (bench.wire.aborted, bench.methods[-1]) == (False, "TEARDOWN")


def test_bytes_that_come_after_the_end_are_passed_over() -> None:
    bench = Bench()
    bench.receive(bench.setup() + bench.pictures(0, 10))
    bench.session.close()
    before = bench.session.bytes_read
    bench.receive(bytes(3 * protocol.BUFFER_BYTES))
    assert bench.session.bytes_read == before
    assert len(bench.stored()) == 10


def test_tick_after_the_connection_was_lost_touches_no_socket() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    ticks(bench, 5, lambda: bench.receive(frame(9, b"\x80" + bytes(50_000 - 5))))
    bench.wire.closed = True
    bench.session.connection_lost(None)
    ticks(bench, 60)
    assert bench.methods == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


def ticks(bench: Bench, seconds: float, between: Callable[[], None] = lambda: None) -> None:
    for _ in range(round(seconds * 2)):
        bench.clock.advance(500_000)
        between()
        bench.session.tick(bench.clock.mono_us())


async def test_link_that_is_silent_at_times_keeps_its_session_and_one_that_stays_silent_loses_it() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.session.endure(60)
    assert bench.wire.options[-2:] == [60, 60_000]  # TCP_KEEPIDLE in s, TCP_USER_TIMEOUT in ms
    ticks(bench, 80)
    assert not bench.wire.closed
    ticks(bench, 15)
    with pytest.raises(CameraUnreachable, match=r"timeout, what=keep-alive"):
        await bench.session.ended()


async def test_connection_that_tcp_gave_up_is_told_as_time_out() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.session.connection_lost(TimeoutError(errno.ETIMEDOUT, "timed out"))
    with pytest.raises(CameraUnreachable, match="timeout"):
        await bench.session.ended()


async def test_other_side_that_is_not_trusted_is_sent_nothing() -> None:
    def admit(_connection: object) -> None:
        raise CameraUnreachable(Cause.UNTRUSTED)

    bench, wire = Bench(), Wire()
    session = RtspProtocol(bench.session._client, bench.clock, bench.begin, admit=admit)
    session.connection_made(cast("asyncio.Transport", wire))
    with pytest.raises(CameraUnreachable, match="untrusted"):
        await session.played()
    assert (wire.written, wire.closed) == ([], True)


def test_bit_rate_is_that_of_the_last_seconds() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    ticks(bench, 5, lambda: bench.receive(frame(9, b"\x80" + bytes(50_000 - 5))))
    assert bench.session.bitrate_bps == 800_000
    ticks(bench, 1)
    assert bench.session.bitrate_bps == 450_000


def test_camera_that_floods_us_is_read_no_further_before_the_next_tick_and_nothing_of_it_is_lost() -> None:
    bench = Bench()
    bench.receive(bench.setup() + bench.pictures(0, 25))
    flood = frame(9, b"\x80" + bytes(65_000))
    for _ in range(protocol.MAX_TICK_BYTES // len(flood)):
        bench.receive(flood)
        assert bench.wire.reads
    bench.receive(flood)
    bench.receive(bench.pictures(25, 25))  # what was under way
    paused = not bench.wire.reads
    ticks(bench, 0.5)
    assert (paused, bench.wire.reads) == (True, True)
    assert bench.stored() == EXPECTED


def test_flood_that_ends_the_session_pauses_no_closed_connection() -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.session._meter.bytes_read += protocol.MAX_TICK_BYTES
    bench.session.close()
    bench.receive(bench.pictures(0, 1))
    assert bench.wire.reads


@given(st.lists(st.binary(max_size=300), max_size=10), st.booleans())
def test_any_bytes_end_in_a_typed_error_or_in_nothing(parts: list[bytes], playing: bool) -> None:
    bench = Bench()
    if playing:
        bench.receive(bench.setup())
    for part in parts:
        bench.receive(part)
    failure = bench.session._failure
    assert failure is None or isinstance(failure, CameraUnreachable)
