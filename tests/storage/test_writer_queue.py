"""What waits for a volume's writer, and what is refused."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import volume_writer
from tests.storage.sealed import Recorder, gop, segment_start


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    one = Recorder(tmp_path)
    yield one
    one.keyring.close()


def test_full_queue_refuses_records_and_beginnings_and_never_an_end(recorder: Recorder) -> None:
    held = threading.Event()
    reached = threading.Event()

    def hold() -> None:  # the disk hangs here
        reached.set()
        held.wait(30)

    recorder.told.on_record = hold
    recorder.writer = volume_writer.VolumeWriter(
        recorder.volume,
        0,
        identity=recorder.writer._openings.identity,
        keyring=recorder.keyring,
        events=recorder.told,
        queue_bytes=4000,
        sync_interval_s=3600,
    )
    start = segment_start()
    recorder.writer.start()
    recorder.writer.open_segment(start)
    assert recorder.writer.append(start.segment, gop(0, [b"x" * 500]))
    assert reached.wait(30)
    taken = [recorder.writer.append(start.segment, gop(at, [b"x" * 500])) for at in range(1, 9)]
    assert taken[0]
    assert not taken[-1]
    recorder.writer.close_segment(start.segment)
    assert not recorder.writer.open_segment(segment_start(1), 500)
    assert not recorder.writer.failed(start.segment)
    held.set()
    recorder.writer.stop(drain=True)
    assert recorder.writer.statistics().queue.refused == taken.count(False) + 1
    assert [sealed.records for sealed in recorder.told.sealed_segments] == [2 + taken.count(True)]


def test_queue_holds_five_seconds_of_what_all_cameras_send_and_never_less_than_is_set(recorder: Recorder) -> None:
    set_bytes = recorder.writer.statistics().queue.limit_bytes
    recorder.writer.expect(400 * 4_000_000)
    assert recorder.writer.statistics().queue.limit_bytes == 5 * 400 * 500_000
    recorder.writer.expect(113 * 215_000_000)
    assert recorder.writer.statistics().queue.limit_bytes == volume_writer.MOST_EXPECTED_BYTES
    recorder.writer.expect(0)
    assert recorder.writer.statistics().queue.limit_bytes == set_bytes
