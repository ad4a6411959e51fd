"""What the shard's next start makes of what a crash left."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nvr.base.ids import CameraId
from storage import disk
from storage.growing import MOST_DISCARDED_BYTES, Damaged, Discarded, Found, Recovered, recover
from storage.keyring import KeyRef, KeyringKeeper, KeyringReader
from storage.svs1.scan import scan
from storage.volume import VolumeLost, open_volume
from tests.storage.faulty import FaultyDisk
from tests.storage.sealed import CAMERA, ORIGIN, Recorder, footage, segment_start

ROOT = Path(__file__).resolve().parents[2]
GROUPS = footage(7, gops=3, packets=4, size=300)


@pytest.fixture
def crashed(tmp_path: Path) -> Recorder:
    """A recorder that died while one segment grew: nothing was closed."""
    recorder = Recorder(tmp_path)
    recorder.writer.start()
    recorder.record(segment_start(), GROUPS)
    recorder.writer.stop(drain=True)
    sealed = recorder.path_of(segment_start())
    with_index = scan(sealed)
    growing = recorder.volume.growing_path(0, segment_start().segment)
    growing.write_bytes(sealed.read_bytes()[: with_index.tail_offset])
    sealed.unlink()
    return recorder


def _closed(recorder: Recorder) -> bytes:
    """The file as the recorder had closed it."""
    again = Recorder(recorder.volume.path.parent / "again")
    again.writer.start()
    again.record(segment_start(), GROUPS)
    again.writer.stop(drain=True)
    return again.path_of(segment_start()).read_bytes()


def found_in(recorder: Recorder) -> list[Found]:
    return list(recover(recorder.volume, 0, recorder.keys))


@pytest.mark.parametrize("records", [0, 1, 7])
def test_killed_recorder_loses_no_acknowledged_record(tmp_path: Path, records: int) -> None:
    command = [sys.executable, "-m", "tests.storage.crashing_recorder", str(tmp_path), str(records)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            if line.strip() == "torn":
                break
            told.append(line.split())
        process.kill()
    assert process.returncode == -9
    assert len(told) == records
    volume, keys = open_volume(tmp_path / "disk", ORIGIN), KeyringReader([tmp_path / "keys-a", tmp_path / "keys-b"])
    (found,) = recover(volume, 0, keys)
    assert isinstance(found, Recovered)
    assert found.torn_bytes > 0
    assert found.segment.records == records + 1
    if told:
        assert [str(found.segment.records), found.segment.root.hex()] == told[-1]
    key_record = keys.find(KeyRef(found.segment.segment, found.segment.start_utc_us, 0))
    assert key_record is not None
    assert key_record.sha256 == found.segment.key_record_sha256
    assert list(recover(volume, 0, keys)) == []


def test_segment_is_taken_up_as_it_is_under_its_final_name(crashed: Recorder) -> None:
    growing = crashed.volume.growing_path(0, segment_start().segment)
    with growing.open("ab") as file:
        file.write(b"SREC torn")
    content = growing.read_bytes()
    (found,) = found_in(crashed)
    assert isinstance(found, Recovered)
    sealed = crashed.told.sealed_segments[0]
    assert crashed.path_of(segment_start()).read_bytes() == content
    assert (found.torn_bytes, found.segment.file_bytes) == (9, len(content))
    assert found.segment.recovered
    for same in ("root", "hh", "records", "end_utc_us", "ct_bytes", "lost", "key_record_sha256", "camera", "run"):
        assert getattr(found.segment, same) == getattr(sealed, same)


def test_closed_file_that_was_not_renamed_is_taken_up(crashed: Recorder) -> None:
    crashed.writer = crashed.new_writer()
    growing = crashed.volume.growing_path(0, segment_start().segment)
    growing.unlink()
    crashed.writer.start()
    crashed.record(segment_start(), GROUPS)
    crashed.writer.stop(drain=True)
    crashed.path_of(segment_start()).rename(growing)
    (found,) = found_in(crashed)
    assert isinstance(found, Recovered)
    assert found.segment.root == crashed.told.sealed_segments[-1].root
    assert scan(crashed.path_of(segment_start())).closed


def test_file_without_whole_init_record_is_removed_and_told(crashed: Recorder) -> None:
    growing = crashed.volume.growing_path(0, segment_start().segment)
    whole = growing.read_bytes()
    first = scan(growing).entries[0].offset
    for size in (0, 5, first - 1, first, first + 100):
        growing.write_bytes(whole[:size])
        (found,) = found_in(crashed)
        assert isinstance(found, Discarded)
        assert (found.path, found.file_bytes) == (growing, size)
        assert not growing.exists()


def test_long_file_with_a_damaged_header_is_left_for_a_person(crashed: Recorder) -> None:
    growing = crashed.volume.growing_path(0, segment_start().segment)
    whole = growing.read_bytes()
    growing.write_bytes(whole[:20] + b"?" + whole[21:] + bytes(MOST_DISCARDED_BYTES))
    (found,) = found_in(crashed)
    assert isinstance(found, Damaged)
    assert growing.exists()


def test_closed_file_with_a_damaged_header_keeps_its_footer(crashed: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.growing.MOST_DISCARDED_BYTES", 0)
    growing = crashed.volume.growing_path(0, segment_start().segment)
    damaged = bytearray(_closed(crashed))
    damaged[8] ^= 1
    growing.write_bytes(damaged)
    (found,) = found_in(crashed)
    assert isinstance(found, Damaged)
    assert growing.read_bytes() == damaged


def test_sealed_segment_is_never_overwritten_by_one_of_its_name(crashed: Recorder) -> None:
    sealed = crashed.path_of(segment_start())
    sealed.parent.mkdir(parents=True, exist_ok=True)
    sealed.write_bytes(b"the sealed one")
    (found,) = found_in(crashed)
    assert isinstance(found, Damaged)
    assert sealed.read_bytes() == b"the sealed one"
    assert crashed.volume.growing_path(0, segment_start().segment).exists()


def test_name_of_the_file_is_not_trusted(crashed: Recorder) -> None:
    growing = crashed.volume.growing_path(0, segment_start().segment)
    growing.rename(growing.with_name("elsewhere.svs"))
    (found,) = found_in(crashed)
    assert isinstance(found, Recovered)
    assert found.segment.camera == CAMERA
    assert crashed.path_of(segment_start()).exists()


@pytest.mark.parametrize("shredded", [True, False])
def test_segment_whose_key_is_gone_is_taken_up_without_it(crashed: Recorder, shredded: bool) -> None:
    start = segment_start()
    if shredded:
        KeyringKeeper(crashed.places).shred([KeyRef(start.segment, start.start_utc_us, 0)])
    else:
        for place in crashed.places:
            shutil.rmtree(place / "0")
    (found,) = found_in(crashed)
    assert isinstance(found, Recovered)
    assert found.segment.key_record_sha256 is None


def test_other_shards_files_are_left_alone(crashed: Recorder) -> None:
    assert list(recover(crashed.volume, 1, crashed.keys)) == []
    assert crashed.volume.growing_path(0, segment_start().segment).exists()


def left_by_a_crash(recorder: Recorder, cameras: int) -> list[Path]:
    """Closed files that were not renamed, one for each camera."""
    recorder.writer.start()
    starts = [segment_start(at, camera=CameraId(f"cam-{at}")) for at in range(cameras)]
    for start in starts:
        recorder.record(start, GROUPS)
    recorder.writer.stop(drain=True)
    left = [recorder.volume.growing_path(0, start.segment) for start in starts]
    for start, path in zip(starts, left, strict=True):
        recorder.path_of(start).rename(path)
    return sorted(left)


def test_file_that_the_disk_does_not_read_is_left_and_the_others_are_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(tmp_path)
    left = left_by_a_crash(recorder, 3)
    bad = left[1].stat().st_ino
    real = os.pread

    def fails(fd: int, size: int, offset: int) -> bytes:
        if os.fstat(fd).st_ino == bad and offset > 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, size, offset)

    with monkeypatch.context() as patch:
        patch.setattr("storage.svs1.scan.os.pread", fails)
        first, unread, last = found_in(recorder)
    assert isinstance(first, Recovered)
    assert isinstance(last, Recovered)
    assert isinstance(unread, Damaged)
    assert (unread.path, unread.file_bytes) == (left[1], left[1].stat().st_size)
    assert [path.exists() for path in left] == [False, True, False]
    assert isinstance(found_in(recorder)[0], Recovered)


def test_directory_that_can_not_be_listed_is_a_lost_volume(crashed: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.os.scandir", fails)
        with pytest.raises(VolumeLost):
            found_in(crashed)
    assert isinstance(found_in(crashed)[0], Recovered)


def test_segment_that_a_living_process_writes_is_left_to_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.writer.start()
    written = threading.Event()
    recorder.told.on_record = written.set
    recorder.record(segment_start(), GROUPS[:1], close=False)
    assert written.wait(10)
    (found,) = found_in(recorder)
    assert isinstance(found, Damaged)
    recorder.writer.close_segment(segment_start().segment)
    recorder.writer.stop(drain=True)
    assert [sealed.segment for sealed in recorder.told.sealed_segments] == [segment_start().segment]
    assert recorder.told.failures == []


def test_scan_sees_what_the_disk_has_after_memory_was_dropped(
    crashed: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def noted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:  # noqa: ANN401 -- whatever the real call takes
            calls.append(name if name != "advise" or args[3] == os.POSIX_FADV_DONTNEED else "else")
            return real(*args)

        return call

    monkeypatch.setattr(disk, "fsync", noted("fsync", disk.fsync))
    monkeypatch.setattr("storage.growing.os.posix_fadvise", noted("advise", os.posix_fadvise))
    monkeypatch.setattr("storage.growing.scan", noted("scan", scan))
    assert isinstance(found_in(crashed)[0], Recovered)
    assert [call for call in calls if call != "else"][:3] == ["fsync", "advise", "scan"]


def test_footer_that_outlived_what_was_written_before_it_costs_only_the_record_that_is_gone(
    crashed: Recorder,
) -> None:
    (sealed,) = crashed.told.sealed_segments
    growing = crashed.volume.growing_path(0, segment_start().segment)
    whole = scan(growing)
    first_gone = whole.entries[-1].offset
    with_footer = bytearray(_closed(crashed))
    with_footer[first_gone : first_gone + 64] = bytes(64)
    growing.write_bytes(with_footer)
    (found,) = found_in(crashed)
    assert isinstance(found, Recovered)
    assert (found.segment.records, found.segment.root) != (sealed.records, sealed.root)
    assert found.segment.records == len(whole.heads) - 1
    again = scan(crashed.path_of(segment_start()))
    assert not again.closed
    assert (again.root, again.tail_offset) == (found.segment.root, first_gone)


def test_second_name_that_a_halved_rename_left_is_removed_and_the_file_is_not(crashed: Recorder) -> None:
    growing, final = crashed.volume.growing_path(0, segment_start().segment), crashed.path_of(segment_start())
    final.hardlink_to(growing)
    assert found_in(crashed) == []
    assert (growing.exists(), final.exists()) == (False, True)


def test_recovery_that_a_disk_refuses_at_any_call_is_made_good_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 200):
        recorder = Recorder(tmp_path / str(number))
        recorder.writer.start()
        starts = [segment_start(at, camera=CameraId(f"cam-{at}")) for at in range(2)]
        for start in starts:
            recorder.record(start, GROUPS)
        recorder.writer.stop(drain=True)
        for start in starts:
            recorder.path_of(start).rename(recorder.volume.growing_path(0, start.segment))
            recorder.path_of(start).parent.rmdir()
        with monkeypatch.context() as patch:
            faulty = FaultyDisk(patch, recorder.volume.path, fail_at=number)
            first = found_in(recorder)
        again = found_in(recorder)
        assert not any(isinstance(found, Discarded) for found in (*first, *again))
        assert sum(isinstance(found, Damaged) for found in first) <= 1
        assert not any(isinstance(found, Damaged) for found in again)
        assert all(scan(recorder.path_of(start)).closed for start in starts)
        if len(faulty.calls) < number:
            return
    pytest.fail("there were more calls than expected")
