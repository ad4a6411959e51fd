"""The mark of a check survives, and what is none is none."""

from dataclasses import replace
from pathlib import Path

import pytest

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.inspection import Depth
from storage.keeping.check_mark import WHOLE, Mark, Request, load_mark, remove_mark, save_mark
from storage.reconcile import Scope
from storage.volume import VolumeId

ONE, TWO = VolumeId("volume-1"), VolumeId("volume-2")
REQUEST = Request(Depth.HASH, Scope(frozenset({CameraId("gare"), CameraId("mairie")}), 7), frozenset({ONE, TWO}))


def test_mark_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "check" / "asked.json"
    mark = Mark(REQUEST, UtcUs(9)).moved(ONE, "").moved(ONE, "seg-1").moved(TWO, WHOLE)
    save_mark(path, mark)
    assert load_mark(path) == mark
    assert mark.at == {ONE: "seg-1", TWO: WHOLE}
    remove_mark(path)
    assert load_mark(path) is None


def test_mark_says_which_segments_it_looks_at() -> None:
    which = Mark(REQUEST, UtcUs(9)).to_check(ONE)
    assert (which.volume, which.cameras, which.since_utc_us) == (ONE, REQUEST.scope.cameras, 7)
    assert which.before_utc_us == 9


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"v":1}', '{"v":2,"request":{},"at":{},"begun_utc_us":1}', "\xff"],
)
def test_file_that_is_no_mark_begins_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "asked.json"
    path.write_bytes(content.encode("latin-1"))
    assert load_mark(path) is None


def test_another_depth_is_another_question(tmp_path: Path) -> None:
    path = tmp_path / "asked.json"
    save_mark(path, Mark(REQUEST, UtcUs(9)))
    found = load_mark(path)
    assert found is not None
    assert found.request != replace(REQUEST, depth=Depth.SIZE)
