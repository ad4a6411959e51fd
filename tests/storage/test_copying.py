"""One copy of one sealed file: whole under its final name, or nothing of it."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from nvr.base.units import UtcUs
from storage import disk
from storage.copying import CopyDiffers, Outcome, clear, copy_segment
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.reading_budget import Stopped
from storage.volume import Volume, create_volume
from tests.storage.sealed import NOW_US, ORIGIN, Recorder, footage, segment_start

START = segment_start()


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    made = Recorder(tmp_path)
    made.writer.start()
    made.record(START, footage(0))
    made.writer.stop(drain=True)
    return made


@pytest.fixture
def evidence(tmp_path: Path) -> Volume:
    return create_volume(tmp_path / "evidence", ORIGIN, now_utc_us=UtcUs(NOW_US + 1))


def row_of(recorder: Recorder) -> SegmentRow:
    (sealed,) = recorder.told.sealed_segments
    known: dict[str, Any] = {field.name: getattr(sealed, field.name, None) for field in fields(SegmentRow)}
    return SegmentRow(**known | {"seg": sealed.segment, "ledger_index": 1, "state": SegmentState.SEALED})


def copied(recorder: Recorder, evidence: Volume) -> Outcome:
    return copy_segment(recorder.path_of(START), evidence, row_of(recorder), lambda _: None)


def names(evidence: Volume) -> list[str]:
    return [str(path.relative_to(evidence.path)) for path in evidence.path.rglob("*.svs")]


def test_copy_has_the_bytes_and_the_place_of_the_file(recorder: Recorder, evidence: Volume) -> None:
    assert copied(recorder, evidence).copied
    own = recorder.path_of(START)
    copy = evidence.path / own.relative_to(recorder.volume.path)
    assert copy.read_bytes() == own.read_bytes()
    assert names(evidence) == [str(copy.relative_to(evidence.path))]


def test_every_byte_of_file_and_copy_is_asked_of_the_bound(recorder: Recorder, evidence: Volume) -> None:
    taken: list[int] = []
    copy_segment(recorder.path_of(START), evidence, row_of(recorder), taken.append)
    size = recorder.path_of(START).stat().st_size
    assert size * 1.5 < sum(taken) <= size * 2


def noting(seen: list[str], name: str) -> Callable[..., Any]:
    """The disk's call of this name, which is noted."""
    real = getattr(disk, name)

    def call(*args: Any) -> Any:  # noqa: ANN401 -- as the real one
        seen.append(name)
        return real(*args)

    return call


def test_copy_is_read_from_its_disk_and_not_from_memory(
    recorder: Recorder, evidence: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the write and the reading back, memory lets go of the file: after the sync, before the rename."""
    seen: list[str] = []
    for name in ("fsync", "rename"):
        monkeypatch.setattr(disk, name, noting(seen, name))
    monkeypatch.setattr("storage.inspection.forget", lambda path: seen.append(f"forget {path.parent.name}"))
    copied(recorder, evidence)
    first = seen.index("forget copying")
    assert "fsync" in seen[:first]
    assert seen.index("rename") > first


@pytest.mark.parametrize(("change", "is_there"), [("bent", True), ("cut", True), ("gone", False)])
def test_own_file_that_is_not_what_was_sealed_leaves_no_copy(
    recorder: Recorder, evidence: Volume, change: str, is_there: bool
) -> None:
    path = recorder.path_of(START)
    content = path.read_bytes()
    match change:
        case "bent":
            path.write_bytes(content[:700] + bytes([content[700] ^ 1]) + content[701:])
        case "cut":
            path.write_bytes(content[:-1])
        case _:
            path.unlink()
    outcome = copied(recorder, evidence)
    assert (outcome.copied, outcome.is_there, outcome.wrong is not None) == (False, is_there, is_there)
    assert names(evidence) == []


def test_copy_that_reads_otherwise_than_it_was_written_is_the_fault_of_its_disk(
    recorder: Recorder, evidence: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    writev = disk.writev
    monkeypatch.setattr(disk, "writev", lambda fd, parts: writev(fd, [bytes(len(part)) for part in parts]))
    with pytest.raises(CopyDiffers):
        copied(recorder, evidence)
    assert names(evidence) == []


def test_copy_that_is_stopped_leaves_nothing(recorder: Recorder, evidence: Volume) -> None:
    def stopped(_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        copy_segment(recorder.path_of(START), evidence, row_of(recorder), stopped)
    assert names(evidence) == []


def test_link_where_a_copy_is_to_be_written_is_not_followed(recorder: Recorder, evidence: Volume) -> None:
    other = evidence.path / "other"
    other.write_bytes(b"of somebody else")
    evidence.copying.mkdir()
    (evidence.copying / f"{START.segment}.svs").symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        copied(recorder, evidence)
    assert other.read_bytes() == b"of somebody else"


def test_what_a_crash_left_of_a_copy_is_cleared(evidence: Volume) -> None:
    clear(evidence)
    evidence.copying.mkdir()
    (evidence.copying / "x.svs").touch()
    clear(evidence)
    assert names(evidence) == []
