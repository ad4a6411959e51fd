"""Files and answers from outside, bent for minutes: a parser answers or refuses by its own error, and nothing else."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nvr.base.errors import NvrError
from nvr.base.ids import SegmentId
from storage.keyring import KeyringReader, create_place
from storage.ledger import entries
from storage.ledger.note import parse_proof
from storage.svs1.reader import SegmentReader
from storage.vault.answer import parse_answer
from storage.vault.grantfile import parse_grant_file
from tests.fuzz.engines import bent
from tests.storage.keyring.records import key_record, ref, writer
from tests.storage.sealed import Recorder, footage, segment_start

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(1800)]

EXAMPLES: Final = 20_000
thoroughly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

seeds = st.integers(0, 2**48)


def answers_or_refuses(work: Callable[[], object]) -> None:
    with contextlib.suppress(NvrError):
        work()


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
