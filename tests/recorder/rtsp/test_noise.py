"""A camera that sends foreign bytes between its packets: what is recorded is its own, and it is recorded again soon."""

import random
from itertools import count
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st

from recorder.errors import CameraUnreachable, Cause
from tests.recorder.rtp import PPS, SPS, Packets, fragments, idr, inter, sample
from tests.recorder.rtsp.test_protocol import Bench

BEFORE, AFTER = 12, 60
"""Pictures; those behind are longer together than the longest frame that noise can pretend to be (64 KiB)."""
SURE: Final = 20
"""Of the last so many pictures none is missing."""


def _camera(seed: int) -> tuple[list[list[bytes]], list[bytes]]:
    """The packets of each picture, and its sample; no two pictures are alike."""
    rng, made = random.Random(seed), Packets()
    packets, samples = [], []
    for number in range(BEFORE + AFTER):
        size = rng.randint(1500, 4000)
        key = number % 4 == 0
        nal = (idr(1) if key else inter(1)) + rng.randbytes(size).replace(b"\0\0", b"\1\1")
        packets.append(made.unit(number * 3600, [*([SPS, PPS] if key else []), *fragments(nal, 1000)]))
        samples.append(sample(*([SPS, PPS, nal] if key else [nal])))
    return packets, samples


def _nals(stored: list[bytes]) -> set[bytes]:
    nals = set()
    for each in stored:
        at = 0
        while at < len(each):
            end = at + 4 + int.from_bytes(each[at : at + 4], "big")
            nals.add(each[at:end])
            at = end
        assert at == len(each)
    return nals


noises = st.builds(lambda seed, size: random.Random(seed).randbytes(size), st.integers(0, 2**32), st.integers(1, 3000))
kinds = noises | st.sampled_from(
    [
        b"$",  # a frame's beginning, and then another frame
        b"$\x00",
        b"$\x00\xff\xff",  # a frame of our channel that swallows what follows
        b"$\x07\xff\xff\x80",  # one of another channel
        b"$\x00\x00\x00",
        b"RTSP/1.0 200 OK\r\nContent-Length: 60000\r\n\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
        b"\r\n\r\n",
        b"ANNOUNCE rtsp://camera/ RTSP/1.0\r\nCSeq: 1\r\n",  # without its end
        b"\0" * 70_000,
    ]
)


@given(st.integers(0, 100), st.lists(st.tuples(st.integers(0, BEFORE - 1), kinds), min_size=1, max_size=4), st.data())
@example(0, [(5, b"$\x00\xff\xff")], None)
def test_noise_between_packets_is_never_recorded_and_pictures_are_again(
    seed: int, noise: list[tuple[int, bytes]], data: st.DataObject | None
) -> None:
    packets, samples = _camera(seed)
    step = data.draw(st.sampled_from([7, 1000, 1 << 20])) if data is not None else 1000
    for picture, foreign in noise:
        packets[picture].insert(len(packets[picture]) // 2, foreign)
    bench = Bench()
    bench.receive(bench.setup())
    bench.receive(b"".join(part for picture in packets for part in picture), step=step)
    stored, failure = bench.stored(), bench.session._failure
    assert _nals(stored) <= _nals(samples)
    if failure is None:
        assert stored[-SURE:] == samples[-SURE:]
    else:
        assert isinstance(failure, CameraUnreachable)
        assert failure.cause is Cause.GARBAGE


def test_nothing_but_noise_ends_the_session_within_bounds() -> None:
    bench, rng = Bench(), random.Random(3)
    bench.receive(bench.setup())
    for number in count():
        assert number < 100
        if bench.session._failure is not None:
            break
        bench.receive(rng.randbytes(20_000))
    assert bench.wire.closed
    assert bench.sink.records("cam1") == []
