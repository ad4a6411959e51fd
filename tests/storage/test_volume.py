import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from nvr.base.ids import CameraId, is_uuid7
from storage.volume import VolumeLost, create_volume, open_volume
from tests.storage.sealed import NOW_US, ORIGIN, segment_start


def test_volume_is_recognised_where_it_was_made(tmp_path: Path) -> None:
    made = create_volume(tmp_path / "disk", ORIGIN, now_utc_us=NOW_US)
    assert is_uuid7(made.id)
    assert open_volume(tmp_path / "disk", ORIGIN) == made
    made.check()


def test_volume_is_never_made_over_another(tmp_path: Path) -> None:
    made = create_volume(tmp_path, ORIGIN, now_utc_us=NOW_US)
    with pytest.raises(VolumeLost):
        create_volume(tmp_path, ORIGIN, now_utc_us=NOW_US)
    made.check()


def test_swapped_disk_is_noticed(tmp_path: Path) -> None:
    one = create_volume(tmp_path / "one", ORIGIN, now_utc_us=NOW_US)
    create_volume(tmp_path / "two", ORIGIN, now_utc_us=NOW_US)
    (tmp_path / "one").rename(tmp_path / "away")
    (tmp_path / "two").rename(tmp_path / "one")
    with pytest.raises(VolumeLost, match="is volume"):
        one.check()


def test_empty_mount_point_is_noticed(tmp_path: Path) -> None:
    one = create_volume(tmp_path / "one", ORIGIN, now_utc_us=NOW_US)
    assert one.is_itself()
    (tmp_path / "one").rename(tmp_path / "away")
    assert not one.is_itself()
    with pytest.raises(VolumeLost):
        one.check()
    (tmp_path / "one").mkdir()
    with pytest.raises(VolumeLost):
        one.check()
    with pytest.raises(VolumeLost):
        open_volume(tmp_path / "one", ORIGIN)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"t":"scelle-keyring","v":1,"volume":"0"}',
        b'{"t":"scelle-volume","v":2}',
        b'{"t":"scelle-volume","v":1,"volume":"x","origin":"ville.example/scelle/2026"}',
        b'{"t":"scelle-volume","v":1,"volume":"01890000-0000-7000-8000-000000000000"}',
        b'{"t":"scelle-volume","v":1,"volume":"01890000-0000-7000-8000-000000000000","origin":7}',
    ],
)
def test_identity_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scelle-volume.json").write_bytes(content)
    with pytest.raises(VolumeLost):
        open_volume(tmp_path, ORIGIN)


def test_identity_without_an_origin_is_one_of_another_version(tmp_path: Path) -> None:
    made = create_volume(tmp_path, ORIGIN, now_utc_us=NOW_US)
    file = tmp_path / "scelle-volume.json"
    assert json.loads(file.read_bytes()) == {"v": 1, "t": "scelle-volume", "volume": made.id, "origin": ORIGIN}
    file.write_bytes(json.dumps({"v": 1, "t": "scelle-volume", "volume": made.id}).encode())
    with pytest.raises(VolumeLost, match="not a volume of this version"):
        open_volume(tmp_path, ORIGIN)


def test_volume_of_another_system_is_refused_and_both_are_named(tmp_path: Path) -> None:
    made = create_volume(tmp_path, "other.example/scelle/2026", now_utc_us=NOW_US)
    with pytest.raises(VolumeLost, match=f"belongs to other.example/scelle/2026, not to {ORIGIN}"):
        open_volume(tmp_path, ORIGIN)
    made.check()


def test_read_only_volume_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_volume(tmp_path, ORIGIN, now_utc_us=NOW_US)
    monkeypatch.setattr("storage.volume.os.statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    with pytest.raises(VolumeLost, match="read-only"):
        open_volume(tmp_path, ORIGIN)


def test_place_that_can_not_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(VolumeLost):
        create_volume(tmp_path / "file", ORIGIN, now_utc_us=NOW_US)


def test_space_is_that_of_the_file_system(tmp_path: Path) -> None:
    volume = create_volume(tmp_path / "disk", ORIGIN, now_utc_us=NOW_US)
    space = volume.space()
    assert 0 < space.free_bytes <= space.total_bytes
    (tmp_path / "disk").rename(tmp_path / "away")
    with pytest.raises(VolumeLost):
        volume.space()


def test_segments_are_laid_out_by_camera_and_utc_day(tmp_path: Path) -> None:
    volume = create_volume(tmp_path, ORIGIN, now_utc_us=NOW_US)
    start = segment_start(camera=CameraId("cam"))
    sealed = volume.sealed_path(start.camera, start.start_utc_us, start.segment)
    assert str(sealed.relative_to(tmp_path)) == f"segments/cam/20260921/{start.segment}.svs"
    growing = volume.growing_path(3, start.segment)
    assert str(growing.relative_to(tmp_path)) == f"growing/3/{start.segment}.svs"
