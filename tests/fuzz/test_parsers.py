"""Bytes from outside, bent at random for minutes: a parser answers or refuses by its own error, and nothing else."""

import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nvr.base.errors import NvrError
from nvr.base.ids import SegmentId
from recorder.rtsp.auth import parse_challenges
from recorder.rtsp.messages import Response, parse
from recorder.rtsp.sdp import video_track
from storage.keyring import KeyringReader, create_place
from storage.ledger import entries
from storage.ledger.note import parse_proof
from storage.svs1.reader import SegmentReader
from storage.vault.answer import parse_answer
from storage.vault.grantfile import parse_grant_file
from tests.storage.keyring.records import key_record, ref, writer
from tests.storage.sealed import Recorder, footage, segment_start

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(1800)]

EXAMPLES: Final = 20_000
thoroughly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

DESCRIBE: Final = (
    b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://192.0.2.1/a/\r\nContent-Type: application/sdp\r\n"
    b'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth"\r\nContent-Length: 138\r\n\r\n'
    b"v=0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 sprop-parameter-sets=Z0LAHtkA2D3n,aMuMsg==\r\na=control:trackID=1\r\n"
)


def bent(whole: bytes, seed: int) -> bytes:
    """The bytes with a few of them flipped, cut out, doubled or replaced."""
    rng = random.Random(seed)
    data = bytearray(whole)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        length = rng.choice((1, 1, 2, 8, 64))
        change = rng.randrange(4)
        if change == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            del data[at : at + length]
        elif change == 2:
            data[at:at] = data[at : at + length]
        else:
            data[at : at + length] = rng.randbytes(length)
    return bytes(data)


seeds = st.integers(0, 2**48)


def answers_or_refuses(work: Callable[[], object]) -> None:
    with contextlib.suppress(NvrError):
        work()


@thoroughly
@given(seeds)
def test_answer_of_a_camera(seed: int) -> None:
    data = bent(DESCRIBE, seed)

    def work() -> None:
        message, _ = parse(data, 0, len(data))
        if isinstance(message, Response):
            parse_challenges(message.headers.all("www-authenticate"))
            video_track(message, "rtsp://192.0.2.1/a")

    answers_or_refuses(work)


@thoroughly
@given(seeds)
def test_sealed_segment(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "whole.svs"
    if not path.exists():
        path.write_bytes(_segment(tmp_path))
    other = tmp_path / "bent.svs"
    other.write_bytes(bent(path.read_bytes(), seed))

    def work() -> None:
        with SegmentReader(other) as reader:
            for record in reader.records():
                assert record.head.seq < len(reader)

    answers_or_refuses(work)


@thoroughly
@given(seeds)
def test_key_records(tmp_path: Path, seed: int) -> None:
    place, record = tmp_path / "place", key_record(0)
    if not place.exists():
        create_place(place)
        writer([place]).put(record)
        (file,) = place.glob("0/*.keys")
        (tmp_path / "whole").write_bytes(file.read_bytes())
    (file,) = place.glob("0/*.keys")
    file.write_bytes(bent((tmp_path / "whole").read_bytes(), seed))
    found = KeyringReader([place]).find_all([ref(record)]).records.get(SegmentId(record.segment))
    assert found in (None, record)


@thoroughly
@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_files_that_people_bring(data: bytes) -> None:
    answers_or_refuses(lambda: parse_grant_file(data))
    answers_or_refuses(lambda: parse_answer(data))
    answers_or_refuses(lambda: entries.decode(data))
    answers_or_refuses(lambda: parse_proof(data.decode(errors="replace")))


def _segment(folder: Path) -> bytes:
    recorder = Recorder(folder / "recorder")
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, footage(3))
    recorder.writer.stop(drain=True)
    return recorder.path_of(start).read_bytes()
