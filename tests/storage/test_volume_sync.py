"""What goes on beside a writer: syncs that fail, disks that vanish, a second recorder."""

import errno
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import disk
from storage.growing import Recovered, recover
from storage.sealing import SegmentFailure
from storage.volume import VolumeLost
from storage.volume_health import VolumeState
from tests.storage.sealed import (
    Recorder,
    footage,
    segment_start,
)

GROUPS = footage(7, gops=3, packets=4, size=300)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    one = Recorder(tmp_path)
    yield one
    one.keyring.close()


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
    assert recorder.writer.lost is not None
    assert recorder.writer.lost.state is VolumeState.AWAY


def test_writer_does_not_start_on_a_volume_that_is_not_there(recorder: Recorder) -> None:
    shutil.rmtree(recorder.volume.path)
    with pytest.raises(VolumeLost):
        recorder.writer.start()


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
