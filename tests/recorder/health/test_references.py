from dataclasses import replace
from pathlib import Path

import pytest

from nvr.base.ids import CameraId, PlacementId
from nvr.base.units import UtcUs
from recorder.health.looks import PROFILE_BYTES
from recorder.health.references import References
from recorder.health.states import LEARNING_LOOKS, Light, Reference
from storage.snapshot import CameraEntry

ENTRY = CameraEntry(CameraId("cam-1"), "rtsp://192.0.2.1/live", 0)
DAY = Reference(LEARNING_LOOKS, bytes(range(250)) * 2, 25_600, 38_400)
CHANGED = [
    replace(ENTRY, url="rtsp://192.0.2.2/live"),
    replace(ENTRY, placement=PlacementId("moved")),
    replace(ENTRY, commissioned_from_utc_us=UtcUs(5), commissioned_until_utc_us=UtcUs(9)),
]


def kept(file: Path, references: dict[Light, Reference]) -> References:
    first = References(file)
    first.keep(ENTRY, references)
    first.save(first.content())
    again = References(file)
    again.load()
    return again


def test_references_come_back_after_a_restart(tmp_path: Path) -> None:
    assert kept(tmp_path / "shard" / "0.health.json", {Light.DAY: DAY}).of(ENTRY) == {Light.DAY: DAY}


def test_one_that_was_not_learnt_to_the_end_is_not_kept(tmp_path: Path) -> None:
    half = replace(DAY, looks=LEARNING_LOOKS - 1)
    assert kept(tmp_path / "f", {Light.DAY: half, Light.NIGHT: DAY}).of(ENTRY) == {Light.NIGHT: DAY}


@pytest.mark.parametrize("changed", CHANGED)
def test_camera_elsewhere_or_aimed_anew_begins_without(tmp_path: Path, changed: CameraEntry) -> None:
    assert kept(tmp_path / "f", {Light.DAY: DAY}).of(changed) == {}


def test_end_of_a_commissioning_does_not_begin_anew_once_more(tmp_path: Path) -> None:
    aimed, ended = (replace(CHANGED[2], commissioned_until_utc_us=UtcUs(until)) for until in (9, 7))
    references = References(tmp_path / "f")
    references.keep(aimed, {Light.DAY: DAY})
    assert references.of(ended) == {Light.DAY: DAY}


def test_camera_that_is_recorded_no_more_leaves_the_file(tmp_path: Path) -> None:
    references = kept(tmp_path / "f", {Light.DAY: DAY})
    assert b"cam-1" not in References(tmp_path / "f").content()
    assert b"cam-1" not in references.content()  # nobody asked for it since the start
    references.of(ENTRY)
    assert b"cam-1" in references.content()
    references.drop(ENTRY.camera)
    assert b"cam-1" not in references.content()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"cameras":{"cam-1":{}}}', b'{"cameras":[]}', b"\xff\xfe"])
def test_file_that_can_not_be_read_is_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "f"
    file.write_bytes(content)
    references = References(file)
    references.load()
    assert references.of(ENTRY) == {}


def test_profile_of_another_length_is_as_none(tmp_path: Path) -> None:
    short = replace(DAY, profile=bytes(PROFILE_BYTES - 2))
    assert kept(tmp_path / "f", {Light.DAY: short}).of(ENTRY) == {}


def test_same_content_is_not_written_again(tmp_path: Path) -> None:
    references = References(tmp_path / "f")
    references.save(references.content())
    written = (tmp_path / "f").stat().st_mtime_ns
    references.save(references.content())
    assert (tmp_path / "f").stat().st_mtime_ns == written


def test_file_holds_no_address(tmp_path: Path) -> None:
    kept(tmp_path / "f", {Light.DAY: DAY})
    assert b"192.0.2" not in (tmp_path / "f").read_bytes()
