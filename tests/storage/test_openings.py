"""Keys of new segments: durable before anything is written, under the set that is in force."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.base.ids import CameraId
from storage.keyring import KeyringUnreachable
from storage.sealing import SealedSegment, SegmentFailure
from storage.svs1.scan import scan
from storage.vault.keyrecord import KeyRecord
from tests.storage.sealed import (
    GOP_US,
    NOW_US,
    Recorder,
    custodians,
    footage,
    opened,
    segment_start,
)

GROUPS = footage(7, gops=3, packets=4, size=300)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    one = Recorder(tmp_path)
    yield one
    one.keyring.close()


def test_cameras_that_begin_together_share_one_sync_of_the_keyring(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts: list[int] = []
    real = recorder.keyring.put

    def count(*records: KeyRecord) -> None:
        puts.append(len(records))
        real(*records)

    monkeypatch.setattr(recorder.keyring, "put", count)
    starts = [segment_start(at, camera=CameraId(f"cam-{at}")) for at in range(10)]
    for start in starts:
        recorder.record(start, GROUPS[:1], close=False)
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    assert sum(puts) == 10
    assert len(puts) == 1
    assert len(recorder.told.sealed_segments) == 10


def test_without_a_keyring_nothing_is_written(recorder: Recorder) -> None:
    for place in recorder.places:
        shutil.rmtree(place)
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    assert recorder.told.failures == [(start.segment, SegmentFailure.NO_KEY)]
    assert not list(recorder.volume.path.rglob("*.svs"))


def test_key_record_is_durable_before_the_file_exists(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    start = segment_start()
    there: list[bool] = []
    real = recorder.keyring.put

    def look(*records: KeyRecord) -> None:
        there.append(recorder.volume.growing_path(0, start.segment).exists())
        real(*records)

    monkeypatch.setattr(recorder.keyring, "put", look)
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    assert there == [False]


def test_new_set_is_used_from_the_next_segment_on(recorder: Recorder) -> None:
    after = custodians(2, 3, number=2)
    first, second = segment_start(0), segment_start(1)
    recorder.writer.start()
    recorder.record(first, GROUPS[:1])
    recorder.writer.stop(drain=True)
    recorder.writer = recorder.new_writer()
    identity = recorder.writer._openings.identity
    recorder.writer.use_identity(
        identity.__class__(identity.origin, identity.boot, identity.software, custodians=after.set)
    )
    recorder.writer.start()
    recorder.record(second, GROUPS[:1])
    recorder.writer.stop(drain=True)
    one, two = recorder.told.sealed_segments
    assert (one.set_hash, two.set_hash) == (recorder.people.set.hash, after.set.hash)
    assert opened(recorder, two, after) == GROUPS[:1]


def test_keyring_that_fails_once_does_not_break_the_chain_of_roots(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = segment_start(0), segment_start(1, start_utc_us=NOW_US + 10 * GOP_US)
    recorder.writer.start()
    sealed = threading.Event()
    real = recorder.told.sealed

    def noted(segment: SealedSegment) -> None:
        real(segment)
        sealed.set()

    monkeypatch.setattr(recorder.told, "sealed", noted)
    recorder.record(first, GROUPS)
    assert sealed.wait(10)
    put, calls = recorder.keyring.put, iter(range(10))

    def fails_once(*records: KeyRecord) -> None:
        if next(calls) == 0:
            raise KeyringUnreachable(places=2)
        put(*records)

    monkeypatch.setattr(recorder.keyring, "put", fails_once)
    recorder.record(second, GROUPS)
    assert recorder.writer.stop(drain=True)
    assert recorder.told.failures == []
    assert scan(recorder.path_of(second)).header.previous == recorder.told.sealed_segments[0].root
