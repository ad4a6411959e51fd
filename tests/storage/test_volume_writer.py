"""The writer of a volume against healthy, slow, full, failing and vanishing disks."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.growing_segment import GrowingSegment
from storage.records import CodecConfig
from storage.svs1.header import Header
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import scan
from storage.svs1.writer import Scratch
from storage.vault.seal import SegmentKeys
from storage.volume_service import VolumeService
from tests.storage.sealed import (
    CAMERA,
    CODEC,
    NOW_US,
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


def test_what_was_handed_over_is_sealed_and_opens_with_the_custodians_keys(recorder: Recorder) -> None:
    start = segment_start()
    recorder.writer.start()
    recorder.record(start, GROUPS)
    assert recorder.writer.stop(drain=True)
    (sealed,) = recorder.told.sealed_segments
    assert opened(recorder, sealed, recorder.people) == GROUPS
    assert (sealed.records, sealed.recovered, sealed.lost) == (4, False, 0)
    assert sealed.end_utc_us == NOW_US + 6_000_000
    assert (sealed.width, sealed.height, sealed.codec) == (CODEC.width, CODEC.height, CODEC.codec)
    assert not list(recorder.volume.growing_directory(0).glob("*.svs"))


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


def test_stop_closes_every_segment_and_without_drain_drops_what_waits(recorder: Recorder) -> None:
    start = segment_start()
    recorder.record(start, GROUPS, close=False)
    recorder.writer._drop = True  # as `stop` sets it before the thread gets to the queue
    recorder.writer.start()
    assert recorder.writer.stop(drain=False)
    (sealed,) = recorder.told.sealed_segments
    assert sealed.records == 1
    assert opened(recorder, sealed, recorder.people) == []


def test_nothing_of_a_picture_or_a_key_is_on_any_disk(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deks: list[bytes] = []
    buffers: list[bytearray] = []
    init = GrowingSegment.__init__

    def spy(
        self: GrowingSegment,
        service: VolumeService,
        header: Header,
        keys: SegmentKeys,
        codec: CodecConfig,
        scratch: Scratch,
    ) -> None:
        deks.append(bytes(keys.dek))
        buffers.append(keys.dek)
        init(self, service, header, keys, codec, scratch)

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
