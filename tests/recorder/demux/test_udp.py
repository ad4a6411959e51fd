"""MPEG-TS over datagrams, with what the network lost."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from recorder.demux.udp import UdpInput
from recorder.errors import CameraUnreachable, Cause
from storage.records import GapCause
from tests.recorder.city import Ticking
from tests.recorder.demux.town import free_port, town
from tests.recorder.films import film

STEP = 7 * 188


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


async def _send(
    sender: socket.socket, port: int, data: bytes, clock: Ticking, lost: frozenset[int] = frozenset()
) -> None:
    """At some pictures per look of the clock; the datagrams with these numbers are lost."""
    for number, at in enumerate(range(0, len(data), STEP)):
        if number not in lost:
            sender.sendto(data[at : at + STEP], ("127.0.0.1", port))
        await clock.sleep(0.01)


async def test_transport_stream_over_datagrams_is_recorded_and_its_silence_is_a_gap(sender: socket.socket) -> None:
    port = free_port()
    data = await asyncio.to_thread(film, "mpegts", frames=400, sound=True)
    async with town(f"udp://127.0.0.1:{port}") as made:
        await _send(sender, port, data, made.clock)
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
        await made.end()
    starting, silent = made.events.of("cam1")[:2]
    assert starting.to_utc_us is not None
    assert (silent.cause, silent.detail) == (GapCause.SILENT, "stalled")
    assert made.sink.frames("cam1") >= 60
    assert {segment.start.codec.width for segment in made.sink.of("cam1")} == {320}


def _pictures(data: bytes) -> int:
    """How many packets of the video stream (FFmpeg gives it the PID 256) there are."""
    heads = (data[at : at + 4] for at in range(0, len(data), 188))
    return sum(int.from_bytes(head[1:3], "big") & 0x1FFF == 256 and bool(head[3] & 0x10) for head in heads)


async def test_packets_that_the_network_lost_are_counted_in_their_records(sender: socket.socket) -> None:
    port = free_port()
    data = await asyncio.to_thread(film, "mpegts", frames=600)
    count = len(data) // STEP
    lost = frozenset({count // 2, count // 2 + 20, count // 2 + 21})
    gone = b"".join(data[number * STEP : (number + 1) * STEP] for number in lost)
    async with town(f"udp://127.0.0.1:{port}") as made:
        await _send(sender, port, data, made.clock, lost)
        await made.events.until(lambda: len(made.events.of("cam1")) == 2)
        status = made.status
    assert 3 < _pictures(gone) <= 21
    assert status.lost == sum(record.lost for record in made.sink.records("cam1")) == _pictures(gone)
    assert {bool(record.lost) for record in made.sink.records("cam1")} == {True, False}


def test_address_that_is_not_of_this_machine_is_unreachable() -> None:
    with pytest.raises(CameraUnreachable) as caught:
        UdpInput("192.0.2.1", 5000, timeout_s=1)
    assert caught.value.cause is Cause.UNREACHABLE


def test_port_that_is_open_already_is_in_use() -> None:
    port = free_port()
    first = UdpInput("127.0.0.1", port, timeout_s=1)
    with pytest.raises(CameraUnreachable) as caught:
        UdpInput("127.0.0.1", port, timeout_s=1)
    first.close()
    assert caught.value.cause is Cause.IN_USE


def test_group_is_joined_and_may_be_joined_twice() -> None:
    port = free_port()
    first = UdpInput("239.255.42.42", port, timeout_s=5)
    second = UdpInput("239.255.42.42", port, timeout_s=5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sender.sendto(b"G" * 188, ("239.255.42.42", port))
    assert first.read(100) + first.read(100) == second.read(188) == b"G" * 188
    first.close()
    second.close()


def test_silence_ends_the_wait() -> None:
    listening = UdpInput("127.0.0.1", free_port(), timeout_s=5)
    listening.wait_at_most(0.01)
    with pytest.raises(TimeoutError):
        listening.read(100)
    listening.close()
