"""What a disk does when a bent file is mended: verified before it takes the place, and the bent one kept."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nvr.base.units import UtcUs
from storage import disk
from storage.copying import copy_segment
from storage.index.rows import SegmentRow
from storage.mending import LEAST_FREE_BYTES, Found, NotMended, prepare, replace
from storage.volume import Space, Volume, VolumeLost, create_volume
from tests.storage.keeping.checked import flipped
from tests.storage.sealed import NOW_US, ORIGIN, Recorder, footage, segment_start
from tests.storage.test_copying import row_of

START = segment_start()


@dataclass(frozen=True, slots=True)
class Files:
    """A segment's own file, which is bent, and its copy."""

    volume: Volume
    row: SegmentRow
    own: Path
    copy: Path
    whole: bytes
    read: list[int] = field(default_factory=list)

    @property
    def kept(self) -> Path:
        return self.volume.damaged_path(self.row.camera, self.row.start_utc_us, self.row.seg)

    @property
    def bent(self) -> bytes:
        return flipped(-100)(self.whole)

    def prepare(self) -> Found:
        return prepare(self.volume, self.copy, self.row, self.read.append)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    recorder = Recorder(tmp_path)
    recorder.writer.start()
    recorder.record(START, footage(0))
    recorder.writer.stop(drain=True)
    own, row = recorder.path_of(START), row_of(recorder)
    evidence = create_volume(tmp_path / "evidence", ORIGIN, now_utc_us=UtcUs(NOW_US + 1))
    copy_segment(own, evidence, row, lambda _: None)
    copy = evidence.sealed_path(row.camera, row.start_utc_us, row.seg)
    made = Files(recorder.volume, row, own, copy, own.read_bytes())
    own.write_bytes(made.bent)
    return made


def test_nothing_stands_in_the_files_place_before_it_is_replaced(files: Files) -> None:
    assert files.prepare() is Found.READY
    assert files.own.read_bytes() == files.kept.read_bytes() == files.bent
    replace(files.volume, files.row)
    assert (files.own.read_bytes(), files.kept.read_bytes()) == (files.whole, files.bent)


def test_what_was_left_half_way_is_done_again(files: Files) -> None:
    assert files.prepare() is Found.READY
    assert files.prepare() is Found.READY
    replace(files.volume, files.row)
    assert files.prepare() is Found.WHOLE
    assert (files.own.read_bytes(), files.kept.read_bytes()) == (files.whole, files.bent)


def test_whole_file_is_not_touched(files: Files) -> None:
    files.own.write_bytes(files.whole)
    assert files.prepare() is Found.WHOLE
    assert not files.kept.exists()


def shorter(files: Files) -> None:
    files.copy.write_bytes(files.whole[:-1])


def bent_again(files: Files) -> None:
    files.kept.write_bytes(b"what was bent first")


@pytest.mark.parametrize("makes", [shorter, bent_again])
def test_file_that_can_not_be_mended_is_left_and_named(files: Files, makes: Callable[[Files], None]) -> None:
    makes(files)
    with pytest.raises(NotMended) as refused:
        files.prepare()
    assert refused.value.fields["file"] == str(files.own)
    assert files.own.read_bytes() == files.bent


@pytest.mark.parametrize("gone", ["own", "copy"])
def test_file_that_is_not_there_is_waited_for(files: Files, gone: str) -> None:
    path: Path = getattr(files, gone)
    path.unlink()
    assert files.prepare() is Found.LATER
    assert files.read == []
    assert not files.kept.exists()


def test_volume_with_too_little_room_is_waited_for(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    left = LEAST_FREE_BYTES + files.row.file_bytes - 1
    monkeypatch.setattr(Volume, "space", lambda _: Space(left, 1 << 40))
    assert files.prepare() is Found.LATER
    assert files.read == []


def test_volume_that_is_gone_gets_nothing(files: Files, tmp_path: Path) -> None:
    assert files.prepare() is Found.READY
    files.volume.path.rename(tmp_path / "away")
    files.volume.path.mkdir()
    for step in (files.prepare, lambda: replace(files.volume, files.row)):
        with pytest.raises(VolumeLost):
            step()
    assert list(files.volume.path.iterdir()) == []


def test_disk_that_refuses_the_second_name_keeps_the_first(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(disk, "link", refuses)
    with pytest.raises(PermissionError):
        files.prepare()
    assert files.own.read_bytes() == files.bent
