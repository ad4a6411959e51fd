"""One file looked at without keys: at each depth, and read again before anything is told."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.inspection import Depth, wrong_with
from storage.svs1.scan import scan
from tests.storage.sealed import CAMERA, footage, seal_file, segment_start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "segment.svs"
    seal_file(path, footage(1))
    return path


def row_of(path: Path, *, recovered: bool = False) -> SegmentRow:
    """The segment as the index has it."""
    found, start = scan(path), segment_start()
    return SegmentRow(
        seg=start.segment,
        camera=CAMERA,
        volume="",  # type: ignore[arg-type]
        shard=0,
        run=start.run,
        start_utc_us=start.start_utc_us,
        end_utc_us=start.start_utc_us,
        clock_epoch=1,
        records=len(found.heads),
        file_bytes=found.file_bytes,
        lost_packets=0,
        root=found.root,
        point=None,
        placement=None,
        authorisation=None,
        recovered=recovered,
        ledger_index=1,
        state=SegmentState.SEALED,
    )


def test_whole_file_has_nothing_wrong_and_says_what_was_read(path: Path) -> None:
    taken: list[int] = []
    assert wrong_with(path, row_of(path), Depth.HASH, taken.append) is None
    assert len(taken) == 4
    assert 0 < sum(taken) < path.stat().st_size


def test_each_byte_counts_in_a_closed_file(path: Path) -> None:
    row, content = row_of(path), path.read_bytes()
    for at in range(0, len(content), 97):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert wrong_with(path, row, Depth.HASH, lambda _: None) is not None, at
        assert wrong_with(path, row, Depth.SIZE, lambda _: None) is None


def test_file_that_a_crash_left_without_footer_is_whole_as_it_was_recovered(tmp_path: Path) -> None:
    path = tmp_path / "open.svs"
    seal_file(path, footage(1), closed=False)
    assert wrong_with(path, row_of(path, recovered=True), Depth.HASH, lambda _: None) is None
    assert wrong_with(path, row_of(path), Depth.HASH, lambda _: None) == "index or footer is not what was written"


def test_another_segment_under_its_name_is_wrong(path: Path) -> None:
    row = replace(row_of(path), root=bytes(32))
    assert "root" in str(wrong_with(path, row, Depth.HASH, lambda _: None))


def test_file_that_is_not_there_is_the_callers_matter(path: Path) -> None:
    row = row_of(path)
    path.unlink()
    assert wrong_with(path, row, Depth.PRESENCE, lambda _: None) is None
    for depth in (Depth.SIZE, Depth.HASH):
        with pytest.raises(FileNotFoundError):
            wrong_with(path, row, depth, lambda _: None)


def test_fault_that_the_second_reading_does_not_show_is_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = row_of(path)
    real, reads = os.pread, [0]

    def flips_once(fd: int, size: int, offset: int) -> bytes:
        reads[0] += 1
        data = real(fd, size, offset)
        return bytes([data[0] ^ 1]) + data[1:] if reads[0] == 1 else data

    monkeypatch.setattr("storage.disk.os.pread", flips_once)
    assert wrong_with(path, row, Depth.HASH, lambda _: None) is None
    assert reads[0] > 1


async def test_disk_that_refuses_is_told_in_its_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = await asyncio.to_thread(row_of, path)

    def refuses(fd: int, size: int, offset: int) -> bytes:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr("storage.disk.os.pread", refuses)
    wrong = await asyncio.to_thread(wrong_with, path, row, Depth.HASH, lambda _: None)
    assert "cannot be read" in str(wrong)
