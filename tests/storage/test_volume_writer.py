"""The writer of a volume against healthy, slow, full, failing and vanishing disks."""

import errno
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage import disk
from storage.growing import Recovered, recover
from storage.growing_segment import GrowingSegment
from storage.keyring import KeyringUnreachable
from storage.records import CodecConfig, NoPredecessor
from storage.sealing import SealedSegment, SegmentFailure
from storage.svs1.header import Header
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import scan
from storage.svs1.writer import Scratch
from storage.vault.keyrecord import KeyRecord
from storage.vault.seal import SegmentKeys
from storage.volume import Volume, VolumeLost
from tests.storage.faulty import FaultyDisk
from tests.storage.opening import opened
from tests.storage.sealed import (
    CAMERA,
    CODEC,
    GOP_US,
    NOW_US,
    Recorder,
    custodians,
    footage,
    gop,
    segment_start,
)

GROUPS = footage(7, gops=3, packets=4, size=300)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    one = Recorder(tmp_path)
    yield one
    one.keyring.close()


def test_what_was_handed_over_is_sealed_and_opens_with_the_custodians_keys(recorder: Recorder) -> None:
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    assert recorder.writer.stop(drain=True)
    (sealed,) = recorder.told.sealed_segments
    assert opened(recorder.volume, recorder.keys, sealed, recorder.people) == GROUPS
    assert (sealed.records, sealed.recovered, sealed.lost) == (4, False, 0)
    assert sealed.end_utc_us == NOW_US + 6_000_000
    assert (sealed.width, sealed.height, sealed.codec) == (CODEC.width, CODEC.height, CODEC.codec)
    assert not list(recorder.volume.growing_directory(0).iterdir())


def test_root_so_far_is_that_of_the_prefix_that_a_crash_would_leave(recorder: Recorder) -> None:
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    path, cut = recorder.path_of(start), recorder.path_of(start).with_name("cut.svs")
    with SegmentReader(path) as reader:
        ends = [entry.offset for entry in reader.entries[2:]]
    for record, end in zip(recorder.told.records, ends, strict=False):
        cut.write_bytes(path.read_bytes()[:end])
        assert scan(cut).root == record.root_so_far
    assert [record.count for record in recorder.told.records] == [2, 3, 4]


def test_headers_of_one_camera_are_chained_by_their_roots(recorder: Recorder) -> None:
    starts = [segment_start(at) for at in range(3)]
    recorder.writer.start()
    for start in starts:
        recorder.record(start, GROUPS[:1])
    recorder.writer.stop(drain=True)
    previous = [scan(recorder.path_of(start)).header.previous for start in starts]
    roots = [sealed.root for sealed in recorder.told.sealed_segments]
    assert previous == [NoPredecessor.FIRST, *roots[:2]]


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


def test_segment_whose_camera_still_grows_waits_for_the_root_of_the_one_before(recorder: Recorder) -> None:
    # More than the writer takes at once: it meets the second opening while the first segment is not closed.
    first, second = segment_start(0), segment_start(1)
    recorder.record(first, [[b"x"]] * 100)
    recorder.record(second, GROUPS[:1])
    recorder.writer.start()
    recorder.writer.stop(drain=True)
    assert scan(recorder.path_of(second)).header.previous == recorder.told.sealed_segments[0].root


def test_stop_closes_every_segment_and_without_drain_drops_what_waits(recorder: Recorder) -> None:
    start = segment_start()
    recorder.record(start, GROUPS, close=False)
    recorder.writer._drop = True  # as `stop` sets it before the thread gets to the queue
    recorder.writer.start()
    assert recorder.writer.stop(drain=False)
    (sealed,) = recorder.told.sealed_segments
    assert sealed.records == 1
    assert opened(recorder.volume, recorder.keys, sealed, recorder.people) == []


def test_nothing_of_a_picture_or_a_key_is_on_any_disk(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deks: list[bytes] = []
    buffers: list[bytearray] = []
    init = GrowingSegment.__init__

    def spy(
        self: GrowingSegment, volume: Volume, header: Header, keys: SegmentKeys, codec: CodecConfig, scratch: Scratch
    ) -> None:
        deks.append(bytes(keys.dek))
        buffers.append(keys.dek)
        init(self, volume, header, keys, codec, scratch)

    monkeypatch.setattr(GrowingSegment, "__init__", spy)
    recorder.writer.start()
    for at in range(3):
        recorder.record(segment_start(at), GROUPS)
    recorder.writer.stop(drain=True)
    content = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert len(content) > 3 * sum(len(packet) for group in GROUPS for packet in group)
    for group in GROUPS:
        for packet in group:
            assert all(packet[at : at + 12] not in content for at in range(0, len(packet) - 12, 6))
    assert CODEC.extradata not in content
    assert len(deks) == 3
    for dek in deks:
        assert dek not in content
        assert dek.hex().encode() not in content
    assert all(not any(buffer) for buffer in buffers)  # wiped where they lay


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
    assert opened(recorder.volume, recorder.keys, sealed, recorder.people) == GROUPS[:1]
    found = scan(recorder.path_of(start))
    assert (found.closed, found.torn_bytes) == (False, 0)  # there was no room for the index


def test_disk_that_was_full_for_a_moment_leaves_a_whole_file(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    FaultyDisk(monkeypatch, recorder.volume.path, only=["writev"], fail_at=3, code=errno.ENOSPC)
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    assert scan(recorder.path_of(start)).closed
    assert recorder.told.failures == [(start.segment, SegmentFailure.FULL)]


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
            assert len(opened(recorder.volume, recorder.keys, sealed, recorder.people)) == sealed.records - 1
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


def test_failed_sync_takes_the_volume_out_of_service_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_sync, failed = threading.Event(), threading.Event()
    calls: list[int] = []

    def fails(fd: int) -> None:
        may_sync.wait(30)
        calls.append(fd)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(disk, "syncfs", fails)
    recorder = Recorder(tmp_path, sync_interval_s=0)
    written = threading.Event()
    told = recorder.told
    told.on_record, told.on_failure = written.set, failed.set
    recorder.writer.start()
    start = segment_start()
    recorder.record(start, GROUPS[:1], close=False)
    assert written.wait(30)
    may_sync.set()
    assert failed.wait(30)  # told though the recorder was silent
    assert told.failures == [(start.segment, SegmentFailure.VOLUME_LOST)]
    assert recorder.writer.failed(start.segment)
    assert recorder.writer.lost is not None
    later = segment_start(1)
    recorder.record(later, GROUPS[:1])
    recorder.writer.stop(drain=True)
    assert len(calls) == 1  # never retried
    assert told.failures[-1] == (later.segment, SegmentFailure.VOLUME_LOST)
    assert not told.sealed_segments
    # What is whole of it is taken up when the volume is there again.
    (found,) = recover(recorder.volume, 0, recorder.keys)
    assert isinstance(found, Recovered)
    assert found.segment.records == 2


def test_disk_that_vanishes_is_noticed_by_its_identity(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, sync_interval_s=0)
    lost = threading.Event()
    recorder.told.on_failure = lost.set
    recorder.writer.start()
    start = segment_start()
    recorder.record(start, GROUPS[:1], close=False)
    (recorder.volume.path / "scelle-volume.json").unlink()
    assert lost.wait(30)
    recorder.writer.stop(drain=True)
    assert "sync" in str(recorder.writer.lost)


def test_writer_does_not_start_on_a_volume_that_is_not_there(recorder: Recorder) -> None:
    shutil.rmtree(recorder.volume.path)
    with pytest.raises(VolumeLost):
        recorder.writer.start()


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
    identity = recorder.writer._identity
    recorder.writer.use_identity(
        identity.__class__(identity.origin, identity.boot, identity.software, custodians=after.set)
    )
    recorder.writer.start()
    recorder.record(second, GROUPS[:1])
    recorder.writer.stop(drain=True)
    one, two = recorder.told.sealed_segments
    assert (one.set_hash, two.set_hash) == (recorder.people.set.hash, after.set.hash)
    assert opened(recorder.volume, recorder.keys, two, after) == GROUPS[:1]


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


def test_fault_of_the_program_reaches_the_recorder(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def breaks() -> None:
        raise RuntimeError("a fault of the program")

    recorder.told.on_record = breaks
    recorder.writer.start()
    start = segment_start()
    recorder.record(start, GROUPS[:1])
    with pytest.raises(RuntimeError, match="a fault"):
        recorder.writer.stop(drain=True)
    with pytest.raises(RuntimeError, match="a fault"):
        recorder.writer.append(start.segment, gop(1, [b"x"]))


def test_reserved_blocks_are_given_back(recorder: Recorder) -> None:
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    status = recorder.path_of(start).stat()
    assert status.st_blocks * 512 < status.st_size + 64 * 1024


def test_camera_id_of_the_tests_is_a_directory(recorder: Recorder) -> None:
    recorder.writer.start()
    recorder.record(segment_start(), GROUPS)
    recorder.writer.stop(drain=True)
    assert recorder.path_of(segment_start()).relative_to(recorder.volume.path).parts[:2] == ("segments", CAMERA)


def test_second_recorder_of_the_shard_gets_no_volume_and_the_first_goes_on(recorder: Recorder) -> None:
    recorder.writer.start()
    second = recorder.new_writer()
    with pytest.raises(VolumeLost, match="another recorder"):
        second.start()
    recorder.record(segment_start(), GROUPS)
    assert recorder.writer.stop(drain=True)
    assert len(recorder.told.sealed_segments) == 1
    second.start()
    assert second.stop(drain=True)


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
