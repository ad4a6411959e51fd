"""A sealed segment is checked without keys, and what can not be known is said."""

from pathlib import Path

import pytest

from access.verification.report import Outcome
from access.verification.segment import verify_segment
from access.verification.texts import render
from storage.svs1.reader import SegmentReader
from tests.access.footage import SealedSegment, Town, codec_of, encode, observed, records_of


@pytest.fixture
def sealed(town: Town) -> SealedSegment:
    """A closed segment of four records of pictures."""
    sets, units = encode(100)
    return town.seal(records_of(units), codec_of(sets))


def test_closed_segment_is_good_and_tells_its_root(sealed: SealedSegment) -> None:
    report = verify_segment(sealed.path)
    header, records = report.steps
    assert report.ok
    with SegmentReader(sealed.path) as reader:
        assert records.facts["root"] == reader.root.hex()
    assert (header.facts["camera"], records.facts["records"], records.facts["closed"]) == ("place-mairie", 5, True)
    assert report.limits == ("segment-not-opened", "segment-root-not-compared")


def test_segment_that_a_crash_left_is_good_once_nothing_is_behind_its_last_whole_record(
    sealed: SealedSegment, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.svs"
    torn.write_bytes(sealed.path.read_bytes()[:-20_000])
    report = verify_segment(torn)
    assert [found.id for found in report.findings] == ["segment-torn"]
    assert "segment-not-closed" in report.limits
    facts = report.steps[1].facts
    assert (facts["records"], facts["closed"]) == (3, False)
    assert "does not count" in render(report, "en")
    whole = facts["whole_bytes"]
    assert isinstance(whole, int)
    torn.write_bytes(sealed.path.read_bytes()[:whole])
    assert verify_segment(torn).ok


@pytest.mark.parametrize("at", [0, 20, 700, 5000, -10])
def test_flipped_byte_of_a_closed_segment_is_told(sealed: SealedSegment, tmp_path: Path, at: int) -> None:
    data = bytearray(sealed.path.read_bytes())
    data[at] ^= 1
    (tmp_path / "flipped.svs").write_bytes(data)
    report = verify_segment(tmp_path / "flipped.svs")
    assert {found.file for found in report.findings} == {"flipped.svs"}


def test_file_that_is_no_segment_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.svs").write_bytes(b"not sealed")
    report = verify_segment(tmp_path / "other.svs")
    assert [step.outcome for step in report.steps] == [Outcome.NOT_RUN, Outcome.NOT_RUN]
    assert {found.file for found in report.findings} == {"other.svs"}
    assert not verify_segment(tmp_path / "absent.svs").ok


def test_side_records_are_counted(town: Town) -> None:
    sets, units = encode(100)
    sealed = town.seal(observed(records_of(units)), codec_of(sets))
    report = verify_segment(sealed.path)
    assert report.ok
    assert (report.steps[1].facts["records"], report.steps[1].facts["side_records"]) == (9, 4)
