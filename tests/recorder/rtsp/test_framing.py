import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nvr.base.units import MonoUs
from recorder.errors import CameraUnreachable
from recorder.rtsp import framing
from recorder.rtsp.client import Channels, RtspClient
from recorder.rtsp.framing import Feed, Framing
from recorder.rtsp.messages import Request, Response
from recorder.rtsp.sdp import VideoTrack
from recorder.rtsp.url import parse_url
from tests.recorder.rtp import Packets, frame, goodbye, inter, sender_report
from tests.recorder.rtsp.test_protocol import EXPECTED, Bench


class Told:
    """Feed and listener in one: what is told, in the order of its coming."""

    def __init__(self, client: RtspClient) -> None:
        self.told: list[bytes | str] = []
        self._client = client

    @property
    def depacketiser(self) -> "Told":
        return self

    def walk(self, _buffer: bytearray, _view: memoryview, at: int, _end: int) -> int:
        return at

    def packet(self, _buffer: bytearray, view: memoryview, at: int, stop: int) -> None:
        self.told.append(bytes(view[at:stop]))

    def interrupted(self) -> None:
        self.told.append("interrupted")

    def reading(self, now_mono_us: int) -> None:
        pass

    def read(self) -> None:
        pass

    def sender_report(self, ntp_us: int, timestamp: int) -> None:
        self.told.append("report")

    def heard(self, message: Response | Request) -> None:
        if isinstance(message, Request):
            self.told.append(message.method)
        else:
            self._client.receive(message)

    def goodbye(self) -> None:
        self.told.append("goodbye")


def _parted(stream: bytes, sizes: list[int]) -> list[bytes | str]:
    """What is told of the stream, read in turn in these sizes; a camera plays, and no connection is there."""
    client = RtspClient(parse_url("rtsp://cam1/live"), None)
    client.begin()
    told, buffer = Told(client), bytearray(10_000)

    def begin(_track: VideoTrack, channels: Channels) -> Feed:
        told.told.append(f"begins on {channels.rtp}")
        return told

    parts, rest, at, turn = Framing(buffer, client, begin, told), b"", 0, 0
    while at < len(stream):
        read = rest + stream[at : at + sizes[turn % len(sizes)]]
        buffer[: len(read)] = read
        rest = read[parts.take(len(read), MonoUs(turn)) :]
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    assert rest == b""
    return told.told


@given(st.lists(st.integers(1, 500), min_size=1, max_size=60))
@example([1])
def test_frames_and_messages_are_parted_alike_however_reads_fall(sizes: list[int]) -> None:
    packets = Packets()
    first, second = packets.packet(0, inter()), packets.packet(3600, inter())
    stream = (
        Bench().setup()
        + first
        + frame(1, sender_report(3_999_000_000, 0, 0) + goodbye())
        + b"OPTIONS rtsp://us RTSP/1.0\r\nCSeq: 5\r\n\r\n"
        + frame(2, b"\x80sound")
        + second
    )
    assert _parted(stream, sizes) == ["begins on 0", first[4:], "report", "goodbye", "OPTIONS", second[4:]]


def test_packets_ahead_of_the_answer_to_play_are_kept() -> None:
    bench = Bench()
    answers = bench.setup()
    at = answers.index(b"RTSP/1.0 200 OK\r\nCSeq: 4")
    bench.receive(answers[:at] + bench.pictures(0, 20) + answers[at:] + bench.pictures(20, 30))
    assert bench.stored() == EXPECTED


@pytest.mark.parametrize(
    "noise", [bytes(range(256)) * 3, b"\0" * 500, b"$\x05\x00\x04none", b"RTSP/1.0 abc\r\n\r\n", b"x"]
)
def test_noise_between_the_packets_costs_what_it_spoils_and_no_more(noise: bytes) -> None:
    bench = Bench()
    bench.receive(bench.setup())
    bench.receive(bench.pictures(0, 25) + noise + bench.pictures(25, 25))
    stored = bench.stored()
    assert bench.session._framing.resyncs >= 1
    assert stored == EXPECTED
    assert sum(record.lost for record in bench.sink.records("cam1")) >= 1


async def test_camera_that_keeps_losing_its_framing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_RESYNCS", 2)
    bench = Bench()
    bench.receive(bench.setup())
    bench.receive((b"\0noise" + bench.packets.packet(0, inter())) * 3)
    with pytest.raises(CameraUnreachable, match="garbage"):
        await bench.session.ended()
    assert bench.wire.closed


async def test_noise_in_the_handshake_ends_the_session() -> None:
    bench = Bench()
    bench.receive(b"\x01\x02\x03")
    with pytest.raises(CameraUnreachable, match="garbage"):
        await bench.session.played()
    assert bench.wire.closed
