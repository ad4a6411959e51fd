import asyncio

import pytest
from aiortc.rtp import RtcpPacket, RtcpSrPacket, RtpPacket

from nvr.sim.camera import SimCamera
from nvr.sim.encoder import AccessUnit, ParameterSets
from nvr.sim.faults import Faults
from nvr.sim.feed import MIN_BACKLOG_BYTES, REPORT_INTERVAL_90K, Deliver, Feed, Player, Track
from nvr.sim.rtp import packetise

CAPTURE_UTC_US = 1_790_000_000_000_000
KEY = packetise(AccessUnit(nals=(b"\x65key",), pts_90k=0))
DELTA = packetise(AccessUnit(nals=(b"\x61delta",), pts_90k=0))


class Wire(asyncio.Transport):
    """Keeps what is written, and says how much waits to be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.waiting_bytes = 0
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return self.waiting_bytes

    def abort(self) -> None:
        self.aborted = True

    def packets(self, channel: int) -> list[bytes]:
        found = []
        data = bytes(self.sent)
        while data:
            end = 4 + int.from_bytes(data[2:4], "big")
            if data[1] == channel:
                found.append(data[4:end])
            data = data[end:]
        return found

    def video(self) -> list[RtpPacket]:
        return [RtpPacket.parse(packet) for packet in self.packets(0)]

    def reports(self) -> list[RtcpSrPacket]:
        return [
            report
            for packet in self.packets(1)
            for report in RtcpPacket.parse(packet)
            if isinstance(report, RtcpSrPacket)
        ]


class StillSource:
    """A source that only notes what is asked of it."""

    parameter_sets = ParameterSets(sps=b"\x67", pps=b"\x68")

    def __init__(self) -> None:
        self.asked: list[str] = []

    def play(self, deliver: Deliver) -> None:
        self.asked.append("play")

    def pause(self) -> None:
        self.asked.append("pause")

    def want_key(self) -> None:
        self.asked.append("key")


class Scene:
    def __init__(self, camera: SimCamera) -> None:
        self.source = StillSource()
        self.faults = Faults()
        self.feed = Feed(camera, self.source, self.faults)

    def player(self, *, audio: bool = False) -> tuple[Player, Wire]:
        wire = Wire()
        player = Player(wire, Track(0), Track(2) if audio else None)
        self.feed.add(player)
        return player, wire


@pytest.fixture
def scene() -> Scene:
    return Scene(SimCamera("cam1"))


def test_source_works_only_while_somebody_plays(scene: Scene) -> None:
    first, _ = scene.player()
    second, _ = scene.player()
    scene.feed.add(second)
    scene.feed.remove(first)
    scene.feed.remove(first)
    scene.feed.remove(second)
    assert scene.source.asked == ["play", "key", "pause"]


def test_client_begins_at_a_key_frame(scene: Scene) -> None:
    _, wire = scene.player()
    scene.feed.deliver(DELTA, 0, CAPTURE_UTC_US)
    assert not wire.sent
    scene.feed.deliver(KEY, 3600, CAPTURE_UTC_US)
    scene.feed.deliver(DELTA, 7200, CAPTURE_UTC_US)
    assert [packet.payload for packet in wire.video()] == [b"\x65key", b"\x61delta"]


def test_clients_share_timestamps_and_nothing_else(scene: Scene) -> None:
    _, one = scene.player()
    _, other = scene.player()
    scene.feed.deliver(KEY, 0, CAPTURE_UTC_US)
    [mine], [theirs] = one.video(), other.video()
    assert mine.timestamp == theirs.timestamp
    assert mine.ssrc != theirs.ssrc


def test_slow_client_is_cut_and_the_others_go_on(scene: Scene) -> None:
    _, slow = scene.player()
    _, quick = scene.player()
    scene.feed.deliver(KEY, 0, CAPTURE_UTC_US)
    slow.waiting_bytes = MIN_BACKLOG_BYTES + 1
    for index in (1, 2):
        scene.feed.deliver(DELTA, 3600 * index, CAPTURE_UTC_US)
    assert slow.aborted
    assert len(slow.video()) == 1
    assert len(quick.video()) == 3
    assert scene.feed.statistics().slow_clients_cut == 1
    assert scene.feed.players == 1


def test_statistics_count_what_left(scene: Scene) -> None:
    _, wire = scene.player()
    scene.feed.deliver(KEY, 0, CAPTURE_UTC_US)
    counters = scene.feed.statistics()
    assert (counters.frames, counters.packets, counters.packets_lost) == (1, 1, 0)
    assert counters.sent_bytes == len(KEY.template)
    assert len(wire.video()) == 1


def test_reports_come_with_the_first_frame_and_then_at_their_interval(scene: Scene) -> None:
    _, wire = scene.player()
    for pts_90k in (0, 3600, REPORT_INTERVAL_90K - 1, REPORT_INTERVAL_90K):
        scene.feed.deliver(KEY, pts_90k, CAPTURE_UTC_US + pts_90k * 100 // 9)
    first, second = wire.reports()
    assert second.sender_info.rtp_timestamp - first.sender_info.rtp_timestamp & 0xFFFF_FFFF == REPORT_INTERVAL_90K
    assert second.sender_info.ntp_timestamp - first.sender_info.ntp_timestamp == 5 << 32
    assert (first.sender_info.packet_count, second.sender_info.packet_count) == (0, 3)
    assert second.sender_info.octet_count == 12
    assert first.sender_info.rtp_timestamp == wire.video()[0].timestamp


def test_camera_without_reports_sends_none() -> None:
    scene = Scene(SimCamera("cam1", sender_reports=False))
    _, wire = scene.player()
    scene.feed.deliver(KEY, 0, CAPTURE_UTC_US)
    assert not wire.reports()


def test_drifting_camera_is_fast_in_timestamps_and_reports_alike() -> None:
    scene = Scene(SimCamera("cam1", clock_drift_ppm=200))
    _, wire = scene.player()
    hour_90k = 3600 * 90_000
    scene.feed.deliver(KEY, 0, CAPTURE_UTC_US)
    scene.feed.deliver(KEY, hour_90k, CAPTURE_UTC_US + 3600 * 1_000_000)
    first, second = wire.video()
    assert second.timestamp - first.timestamp & 0xFFFF_FFFF == hour_90k + hour_90k * 200 // 1_000_000
    one, other = wire.reports()
    ahead = (other.sender_info.ntp_timestamp - one.sender_info.ntp_timestamp) / 2**32 - 3600
    assert ahead == pytest.approx(0.72, abs=1e-6)


def test_reset_asks_for_the_key_frame_that_it_needs(scene: Scene) -> None:
    _, wire = scene.player()
    scene.feed.deliver(KEY, 0, CAPTURE_UTC_US)
    scene.faults.reset_timestamps()
    scene.feed.deliver(DELTA, 3600, CAPTURE_UTC_US)
    scene.feed.deliver(KEY, 7200, CAPTURE_UTC_US)
    scene.feed.deliver(DELTA, 10_800, CAPTURE_UTC_US)
    assert scene.source.asked == ["play", "key"]
    assert [packet.timestamp for packet in wire.video()][2:] == [0, 3600]


def test_sound_goes_only_to_whom_set_it_up(scene: Scene) -> None:
    _, deaf = scene.player()
    _, hearing = scene.player(audio=True)
    for index in range(2):
        scene.feed.deliver(KEY, 3600 * index, CAPTURE_UTC_US)
    assert not deaf.packets(2)
    sound = [RtpPacket.parse(packet) for packet in hearing.packets(2)]
    assert [(packet.payload_type, len(packet.payload)) for packet in sound] == [(0, 320), (0, 320)]
    assert sound[1].timestamp - sound[0].timestamp == 320
