"""All segments of a volume against full, failing and vanishing disks: what is sealed, what is told as lost."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.growing import Recovered, recover
from storage.records import GapCause, NoPredecessor, SegmentStart
from storage.reserve import Reserve
from storage.sealing import SegmentFailure
from storage.svs1.scan import scan
from storage.volume import VolumeLost
from storage.volume_health import VolumeState
from tests.storage.faulty import FaultyDisk
from tests.storage.sealed import (
    GOP_US,
    RESERVE_BYTES,
    Recorder,
    footage,
    gop,
    opened,
    segment_start,
)

GROUPS = footage(7, gops=3, packets=4, size=300)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    one = Recorder(tmp_path)
    yield one
    one.keyring.close()


def test_headers_of_one_camera_are_chained_by_their_roots(recorder: Recorder) -> None:
    starts = [segment_start(at) for at in range(3)]
    recorder.writer.start()
    for start in starts:
        recorder.record(start, GROUPS[:1])
    recorder.writer.stop(drain=True)
    previous = [scan(recorder.path_of(start)).header.previous for start in starts]
    roots = [sealed.root for sealed in recorder.told.sealed_segments]
    assert previous == [NoPredecessor.FIRST, *roots[:2]]


def test_segment_whose_camera_still_grows_waits_for_the_root_of_the_one_before(recorder: Recorder) -> None:
    # More than the writer takes at once: it meets the second opening while the first segment is not closed.
    first, second = segment_start(0), segment_start(1)
    recorder.record(first, [[b"x"]] * 100)
    recorder.record(second, GROUPS[:1])
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    assert scan(recorder.path_of(second)).header.previous == recorder.told.sealed_segments[0].root


def test_full_disk_closes_the_segment_at_its_last_whole_record(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Header and init record are the first write, the second group of pictures is the third.
    FaultyDisk(monkeypatch, recorder.volume.path, only=["writev"], fail_at=3, code=errno.ENOSPC, for_good=True)
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    (sealed,) = recorder.told.sealed_segments
    assert recorder.told.failures == [(start.segment, SegmentFailure.FULL)]
    assert recorder.writer.lost is None  # a full disk is no broken one
    assert recorder.writer.full
    camera, end = start.camera, UtcUs(start.start_utc_us + GOP_US)
    assert recorder.told.losses == [
        (camera, UtcUs(end + number * GOP_US), UtcUs(end + (number + 1) * GOP_US), SegmentFailure.FULL)
        for number in range(len(GROUPS) - 1)
    ]
    assert opened(recorder, sealed, recorder.people) == GROUPS[:1]
    found = scan(recorder.path_of(start))
    assert (found.closed, found.torn_bytes) == (False, 0)  # there was no room for the index


def test_write_that_finds_no_room_is_done_in_that_of_the_reserve_and_nothing_is_lost(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    FaultyDisk(monkeypatch, recorder.volume.path, only=["writev"], fail_at=3, code=errno.ENOSPC)
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    (sealed,) = recorder.told.sealed_segments
    assert opened(recorder, sealed, recorder.people) == GROUPS
    assert scan(recorder.path_of(start)).closed
    assert (recorder.told.failures, recorder.told.losses) == ([], [])
    assert recorder.writer.failed(start.segment) is GapCause.FULL  # what comes belongs elsewhere
    assert not recorder.writer.in_service
    assert not (recorder.volume.growing_directory(0) / "reserve").exists()


def _scenario(recorder: Recorder) -> None:
    recorder.writer.start()
    recorder.record(segment_start(0), GROUPS)
    recorder.record(segment_start(1, camera=CameraId("other")), GROUPS[:2])
    recorder.writer.stop(drain=True)


def _count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    with monkeypatch.context() as patch:
        recorder = Recorder(tmp_path / "count")
        faulty = FaultyDisk(patch, recorder.volume.path)
        _scenario(recorder)
    assert len(recorder.told.sealed_segments) == 2
    return len(faulty.calls)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("for_good", [False, True])
def test_fault_at_any_durable_call_loses_no_acknowledged_record_and_claims_nothing_false(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, for_good: bool
) -> None:
    calls = _count(tmp_path, monkeypatch)
    assert calls > 20
    for number in range(1, calls + 1):
        with monkeypatch.context() as patch:
            recorder = Recorder(tmp_path / f"{number}")
            FaultyDisk(patch, recorder.volume.path, fail_at=number, code=code, for_good=for_good)
            try:
                _scenario(recorder)
            except VolumeLost:
                assert not recorder.told.sealed_segments  # it was told before anything was handed over
                continue
        told = {sealed.segment: sealed for sealed in recorder.told.sealed_segments}
        for sealed in told.values():
            assert len(opened(recorder, sealed, recorder.people)) == sealed.records - 1
        # Whatever was not closed is found by the next start, or by the keeper under its final name.
        left = [found.segment for found in recover(recorder.volume, 0, recorder.keys) if isinstance(found, Recovered)]
        kept = {segment.segment: segment.records for segment in (*told.values(), *left)}
        for path in recorder.volume.path.glob("segments/*/*/*.svs"):
            found = scan(path)
            kept.setdefault(found.header.segment, len(found.heads))
        for record in recorder.told.records:
            assert kept[record.segment] >= record.count, number
        # What was handed over is in a segment that is told or found, or is told as lost.
        lost = sum(loss[2] - loss[1] for loss in recorder.told.losses) // GOP_US
        assert sum(records - 1 for records in kept.values()) + lost >= 5, number
        # And whoever asks is told: a segment is sealed whole, or it failed, or both where it was cut short.
        failed = {segment for segment, _ in recorder.told.failures}
        for start, groups in ((segment_start(0), 3), (segment_start(1, camera=CameraId("other")), 2)):
            whole = start.segment in told and told[start.segment].records == groups + 1
            assert whole or start.segment in failed or recorder.writer.lost


def test_segment_of_the_same_name_is_never_overwritten(recorder: Recorder) -> None:
    start = segment_start()
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    path = recorder.volume.growing_path(0, start.segment)
    path.write_bytes(b"left by a crash")
    recorder.writer = recorder.new_writer()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    assert recorder.told.failures == [(start.segment, SegmentFailure.WRITE)]
    assert path.read_bytes() == b"left by a crash"


def _two_that_grow(recorder: Recorder) -> tuple[SegmentStart, SegmentStart]:
    """Two segments with a record each, and a second one of the first camera behind; the writer has not begun."""
    first, second = segment_start(0), segment_start(1, camera=CameraId("other"))
    recorder.record(first, GROUPS[:1], close=False)
    recorder.record(second, GROUPS[:1], close=False)
    assert recorder.writer.append(first.segment, gop(1, GROUPS[1]))
    return first, second


def test_write_that_fails_takes_the_volume_out_and_what_else_grows_is_sealed(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two openings, two records, and the one that fails.
    first, second = _two_that_grow(recorder)
    FaultyDisk(monkeypatch, recorder.volume.path, only=["writev"], fail_at=5, code=errno.EIO)
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    told = recorder.told
    assert recorder.writer.lost is not None
    assert recorder.writer.lost.state is VolumeState.ERRING
    assert recorder.writer.health.errors["write"] == 1
    assert {sealed.segment: sealed.records for sealed in told.sealed_segments} == {first.segment: 2, second.segment: 2}
    assert dict(told.failures) == {
        first.segment: SegmentFailure.WRITE,
        second.segment: SegmentFailure.VOLUME_LOST,
    }
    assert [loss[0] for loss in told.losses] == [first.camera]


def test_close_that_fails_leaves_all_others_to_the_next_start(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _two_that_grow(recorder)
    recorder.writer.close_segment(first.segment)
    FaultyDisk(monkeypatch, recorder.volume.path, only=["fdatasync"], fail_at=1, code=errno.EIO)
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    assert recorder.told.sealed_segments == []
    assert recorder.writer.health.errors["close"] == 1
    assert {(camera, why) for camera, _, _, why in recorder.told.losses} == {
        (first.camera, SegmentFailure.CLOSE),
        (second.camera, SegmentFailure.VOLUME_LOST),
    }
    found = [each.segment for each in recover(recorder.volume, 0, recorder.keys) if isinstance(each, Recovered)]
    assert {segment.segment: segment.records for segment in found} == {first.segment: 3, second.segment: 2}


STEPS = [
    ("open_file", 1),
    *(("writev", number) for number in (1, 2, 3, 4, 5)),
    ("mkdir", 1),
    ("mkdir", 2),
    ("rename", 1),
]
"""The segment's file; its opening, three groups, its index; its camera's and day's directories; its name."""


@pytest.mark.parametrize(("call", "number"), STEPS)
def test_segment_is_sealed_whole_whichever_step_finds_no_room(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    recorder.writer.start()
    FaultyDisk(monkeypatch, recorder.volume.path, only=[call], fail_at=number, code=errno.ENOSPC)
    recorder.record(segment_start(), GROUPS)
    recorder.writer.stop(drain=True)
    (sealed,) = recorder.told.sealed_segments
    assert opened(recorder, sealed, recorder.people) == GROUPS
    assert scan(recorder.path_of(segment_start())).closed
    assert (recorder.told.failures, recorder.told.losses) == ([], [])
    assert recorder.writer.full


def test_records_that_wait_take_no_more_of_the_reserve_than_closing_leaves_them(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = RESERVE_BYTES // 4
    groups = footage(3, gops=6, packets=1, size=size)
    groups = [[group[0][:size]] for group in groups]
    FaultyDisk(monkeypatch, recorder.volume.path, only=["writev"], fail_at=3, code=errno.ENOSPC)
    start = segment_start()
    recorder.record(start, groups)
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    (sealed,) = recorder.told.sealed_segments
    # One before, the one that found no room, and three quarters of the reserve.
    assert opened(recorder, sealed, recorder.people) == groups[:5]
    assert scan(recorder.path_of(start)).closed
    assert [why for *_, why in recorder.told.losses] == [SegmentFailure.FULL]
    assert recorder.told.failures == [(start.segment, SegmentFailure.FULL)]


def test_volume_without_a_reserve_writes_what_waits_as_long_as_there_is_room(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two openings and two records; the third has no room, and the fourth, of the other segment, has.
    first, second = segment_start(0), segment_start(1, camera=CameraId("other"))
    recorder.record(first, GROUPS[:1], close=False)
    recorder.record(second, GROUPS[:1], close=False)
    assert recorder.writer.append(first.segment, gop(1, GROUPS[1]))
    assert recorder.writer.append(second.segment, gop(1, GROUPS[1]))
    FaultyDisk(monkeypatch, recorder.volume.path, only=["writev"], fail_at=5, code=errno.ENOSPC)
    monkeypatch.setattr(Reserve, "make", lambda *_: None)
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    sealed = {segment.segment: segment.records for segment in recorder.told.sealed_segments}
    assert sealed == {first.segment: 2, second.segment: 3}
    assert [loss[0] for loss in recorder.told.losses] == [first.camera]
