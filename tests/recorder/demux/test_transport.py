from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recorder.demux.transport import PACKET, Continuity

VIDEO, OTHER = 0x100, 0x101


def packet(pid: int, count: int, *, payload: bool = True, error: bool = False, jumps: bool = False) -> bytes:
    flags = (0x10 if payload else 0) | (0x20 if jumps or not payload else 0) | count & 15
    head = bytes([0x47, (0x80 if error else 0) | pid >> 8, pid & 0xFF, flags])
    return (head + bytes([1, 0x80 if jumps else 0])).ljust(PACKET, b"\xff")


def _missing(*packets: bytes) -> int:
    counters = Continuity()
    for each in packets:
        counters.look(each)
    return counters.missing(VIDEO)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 9))
def test_what_was_lost_between_two_packets_is_counted(lost: list[bool], at_once: int) -> None:
    kept = [0] + [number + 1 for number, gone in enumerate(lost) if not gone] + [len(lost) + 1]
    longest = max(later - earlier - 1 for earlier, later in pairwise(kept))
    data = b"".join(packet(VIDEO, count) for count in kept)
    counters = Continuity()
    for at in range(0, len(data), at_once * PACKET):
        counters.look(data[at : at + at_once * PACKET])
    if longest < 15:
        assert counters.missing(VIDEO) == sum(lost)
    assert counters.missing(VIDEO) == 0


def test_other_streams_and_null_packets_do_not_count() -> None:
    assert _missing(packet(VIDEO, 0), packet(OTHER, 5), packet(0x1FFF, 9), packet(OTHER, 9), packet(VIDEO, 1)) == 0


def test_packet_that_comes_twice_is_not_a_loss() -> None:
    assert _missing(packet(VIDEO, 3), packet(VIDEO, 3), packet(VIDEO, 4)) == 0


def test_packet_without_payload_does_not_count() -> None:
    assert _missing(packet(VIDEO, 3), packet(VIDEO, 3, payload=False), packet(VIDEO, 4)) == 0


def test_jump_that_the_stream_announces_is_believed() -> None:
    assert _missing(packet(VIDEO, 3), packet(VIDEO, 9, jumps=True), packet(VIDEO, 10)) == 0


def test_packet_with_an_error_is_missing() -> None:
    assert _missing(packet(VIDEO, 3), packet(VIDEO, 4, error=True), packet(VIDEO, 5)) == 1


@given(st.binary(max_size=600))
def test_any_bytes_are_looked_at(data: bytes) -> None:
    counters = Continuity()
    counters.look(data)
    assert counters.missing(VIDEO) >= 0
