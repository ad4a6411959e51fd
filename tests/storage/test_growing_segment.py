import errno
import os
from pathlib import Path

import pytest

from storage import disk
from storage.growing_segment import AHEAD_BYTES, GrowingSegment
from storage.records import CodecConfig, Record
from storage.svs1.contexts import record_key
from storage.svs1.layout import Flags, RecordType
from storage.svs1.opening import decrypt
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import scan
from storage.svs1.writer import Scratch
from storage.vault.seal import SegmentKeys, new_segment_keys
from storage.volume import Volume, create_volume
from tests.storage.faulty import FaultyDisk
from tests.storage.sealed import (
    CAMERA,
    CODEC,
    NOW_US,
    ORIGIN,
    custodians,
    footage,
    gop,
    header_of,
    segment_start,
    service_of,
)

GROUPS = footage(7, gops=2, packets=2, size=300)


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    made = create_volume(tmp_path / "disk", ORIGIN, now_utc_us=NOW_US)
    made.growing_directory(0).mkdir()
    return made


def _segment(volume: Volume, codec: CodecConfig = CODEC) -> tuple[GrowingSegment, SegmentKeys]:
    header = header_of(segment_start())
    keys = new_segment_keys(
        custodians().set, hh=header.hh, segment=header.segment, camera=CAMERA, start_utc_us=header.start_utc_us
    )
    return GrowingSegment(service_of(volume), header, keys, codec, Scratch()), keys


@pytest.mark.parametrize("end", ["close", "close_short", "abandon"])
def test_data_key_is_wiped_however_the_segment_ends(volume: Volume, end: str) -> None:
    growing, keys = _segment(volume)
    growing.open()
    growing.append(gop(0, GROUPS[0]))
    assert any(keys.dek)
    getattr(growing, end)()
    assert not any(keys.dek)


@pytest.mark.parametrize("call", ["open_file", "writev", "ftruncate", "fdatasync", "rename", "mkdir", "fsync"])
def test_data_key_is_wiped_when_the_disk_refuses(volume: Volume, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    growing, keys = _segment(volume)
    FaultyDisk(monkeypatch, volume.path, only=[call], fail_at=1, for_good=True)
    with pytest.raises(OSError, match="error"):
        _open_and_close(growing)
    assert not any(keys.dek)


def _open_and_close(growing: GrowingSegment) -> None:
    growing.open()
    growing.close()


def test_segment_that_could_not_be_opened_leaves_no_file(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    growing, _ = _segment(volume)
    with monkeypatch.context() as patch:
        FaultyDisk(patch, volume.path, only=["writev"], fail_at=1, code=errno.ENOSPC)
        with pytest.raises(OSError, match="space"):
            growing.open()
    assert not growing.path.exists()


def test_file_that_was_there_is_neither_written_nor_removed(volume: Volume) -> None:
    growing, _ = _segment(volume)
    growing.path.write_bytes(b"there")
    with pytest.raises(FileExistsError):
        growing.open()
    assert growing.path.read_bytes() == b"there"


def test_torn_record_is_cut_off_and_the_rest_closed(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    growing, _ = _segment(volume)
    growing.open()
    growing.append(gop(0, GROUPS[0]))
    with monkeypatch.context() as patch:
        FaultyDisk(patch, volume.path, only=["writev"], fail_at=1)
        with pytest.raises(OSError, match="error"):
            growing.append(gop(1, GROUPS[1]))
    sealed = growing.close_short()
    found = scan(volume.sealed_path(CAMERA, sealed.start_utc_us, sealed.segment))
    assert found.closed
    assert (found.root, len(found.heads), found.file_bytes) == (sealed.root, 2, sealed.file_bytes)


def test_blocks_are_reserved_ahead_without_changing_the_length(volume: Volume) -> None:
    growing, _ = _segment(volume)
    growing.open()
    status = growing.path.stat()
    assert status.st_size < 4096
    assert status.st_blocks * 512 >= AHEAD_BYTES
    growing.abandon()


def test_file_system_that_can_not_reserve_is_written_all_the_same(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def refuses(fd: int, offset: int, size: int) -> None:
        asked.append(size)
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(disk, "fallocate", refuses)
    growing, _ = _segment(volume)
    growing.open()
    growing.append(gop(0, GROUPS[0]))
    assert growing.close().records == 2
    assert len(asked) == 1


def test_only_what_a_whole_sync_has_seen_is_forgotten_while_it_grows(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _fd, at, size, _advice: forgotten.append((at, size)))
    growing, _ = _segment(volume)
    growing.open()
    ends: list[int] = []
    for syncs in [5, 6, 7, 8, 9]:
        growing.append(gop(len(ends), GROUPS[0]))
        growing.forget_durable(syncs)
        ends.append(growing.path.stat().st_size)
    assert forgotten == [(0, ends[0]), (ends[0], ends[2] - ends[0])]
    growing.close()
    assert forgotten[-1] == (0, 0)


def test_kernel_that_keeps_the_memory_costs_no_record(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_fd: int, _at: int, _size: int, _advice: int) -> None:
        raise OSError(errno.EPERM, "filtered")

    monkeypatch.setattr(os, "posix_fadvise", refuses)
    growing, _ = _segment(volume)
    growing.open()
    for number, syncs in enumerate([5, 7, 9]):
        growing.append(gop(number, GROUPS[0]))
        growing.forget_durable(syncs)
    assert growing.close().records == 4


def _observed(number: int) -> Record:
    record = gop(number, GROUPS[number])
    record.observations = b'[{"k":"ptz"}]'
    return record


def test_observations_are_sealed_right_before_their_group(volume: Volume) -> None:
    growing, keys = _segment(volume)
    dek = bytes(keys.dek)
    growing.open()
    told = [growing.append(_observed(0)), growing.append(gop(1, GROUPS[1]))]
    sealed = growing.close()
    with SegmentReader(volume.sealed_path(CAMERA, sealed.start_utc_us, sealed.segment)) as reader:
        assert [head.type for head in reader.heads] == [
            RecordType.INIT,
            RecordType.SIDE,
            RecordType.GOP,
            RecordType.GOP,
        ]
        assert [Flags.OBSERVED in head.flags for head in reader.heads] == [False, False, True, False]
        side = reader.record(1)
        assert decrypt(side, record_key(dek, reader.hh, side.head_bytes)) == b'[{"k":"ptz"}]'
        assert (reader.root, len(reader)) == (sealed.root, sealed.records)
    assert [record.count for record in told] == [3, 4]
    assert sealed.ct_bytes == sum(head.ct_len for head in reader.heads if head.type is RecordType.GOP)


def test_disk_that_refuses_a_group_leaves_no_side_record_of_it(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    growing, _ = _segment(volume)
    growing.open()
    growing.append(_observed(0))
    with monkeypatch.context() as patch:
        FaultyDisk(patch, volume.path, only=["writev"], fail_at=1, code=errno.ENOSPC)
        with pytest.raises(OSError, match="No space"):
            growing.append(_observed(1))
    sealed = growing.close_short()
    found = scan(volume.sealed_path(CAMERA, sealed.start_utc_us, sealed.segment))
    assert (found.closed, [head.type for head in found.heads]) == (
        True,
        [RecordType.INIT, RecordType.SIDE, RecordType.GOP],
    )
