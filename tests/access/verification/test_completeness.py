"""A bundle that shows less than was released is found out, although every hash and every signature in it is right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest

from access.export.manifest import decode
from access.export.plan import Part
from access.verification.bundle import verify_bundle
from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs
from nvr.sim.camera import Codec
from storage.svs1.reader import SegmentReader
from tests.access.footage import (
    CAMERA,
    FRAME_US,
    START_UTC_US,
    FakeFront,
    FakeGap,
    FakeIndex,
    FakeRecord,
    FakeRelease,
    FakeSegment,
    Town,
    codec_of,
    encode,
    records_of,
)
from tests.access.verification.bundles import change_json, sign_again

GOP = 25


@dataclass(frozen=True, slots=True)
class Forger(FakeRelease):
    """One who holds the export key, and makes a bundle from less than was released."""

    hidden: Sequence[int] = ()
    """Numbers of sealed segments of which nothing is shown."""
    without: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Records that are left out of segments, by the segment's number."""

    def segments(self, camera: CameraId) -> Sequence[FakeSegment]:
        hidden = {self.sealed[at].header.segment for at in self.hidden}
        return [one for one in FakeRelease.segments(self, camera) if one.segment not in hidden]

    def records(self, segment: SegmentId) -> Iterator[FakeRecord]:
        left_out = {self.sealed[at].header.segment: seqs for at, seqs in self.without.items()}.get(segment, ())
        return (record for record in FakeRelease.records(self, segment) if record.seq not in left_out)


@dataclass(frozen=True, slots=True)
class Worn(FakeRelease):
    """A disk that lost one record, which was not granted: it is noticed when its neighbour is proven."""

    unreadable: dict[SegmentId, str] = field(default_factory=dict)
    missing: dict[SegmentId, set[int]] = field(default_factory=dict)
    worn: int = 0

    def front(self, segment: SegmentId, seq: int) -> FakeFront | None:
        if seq != self.worn:
            return FakeRelease.front(self, segment, seq)
        self.unreadable[segment] = "record-damaged"
        self.missing.setdefault(segment, set()).add(seq)
        return None


def released(town: Town, first: int = 0, last: int = 4 * GOP, *, per_segment: int = 4, per_release: int = 9) -> Forger:
    """Four groups of pictures of a second each, so many in a segment, all granted in [first, last)."""
    sets, units = encode(4 * GOP)
    records, run = records_of(units), town.run()
    for at in range(0, 4, per_segment):
        town.seal(records[at : at + per_segment], codec_of(sets), run=run)
    begin, end = START_UTC_US + first * FRAME_US, START_UTC_US + last * FRAME_US
    release = town.grant(begin, end, per_release=per_release)
    return Forger(release.grant, release.sealed)


def found_in(bundle: Path) -> set[str]:
    return {one.id for one in verify_bundle(bundle).findings}


@pytest.mark.parametrize("seq", [1, 2, 3, 4], ids=["first", "second", "third", "last"])
def test_group_of_pictures_that_is_left_out_is_found(town: Town, seq: int) -> None:
    bundle = town.export(replace(released(town), without={0: [seq]})).path
    assert found_in(bundle) == {"record-left-out"}


@pytest.mark.parametrize(("at", "seq"), [(0, 2), (1, 1)], ids=["end of one", "beginning of the next"])
def test_group_of_pictures_beside_a_seam_of_segments_is_missed(town: Town, at: int, seq: int) -> None:
    bundle = town.export(replace(released(town, per_segment=2), without={at: [seq]})).path
    assert found_in(bundle) == {"record-left-out"}


@pytest.mark.parametrize("kept", [0, 20], ids=["all", "some"])
def test_frames_withheld_from_a_group_within_a_movie_are_found(
    town: Town, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    real = Part.packets_of
    monkeypatch.setattr(Part, "packets_of", lambda part, at: kept if at == 1 else real(part, at))
    bundle = town.export(released(town)).path
    assert "frames-left-out" in found_in(bundle)


def test_frames_withheld_from_the_last_group_of_a_movie_are_found(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Part, "packets_of", lambda part, at: 20 if at == 3 else len(part.gops[at].pts_90k))
    bundle = town.export(released(town)).path
    assert found_in(bundle) == {"frames-left-out"}


def test_bundle_without_footage_despite_a_release_is_found(town: Town) -> None:
    bundle = town.export(replace(released(town), hidden=[0])).path
    assert "AUCUNE IMAGE" in (bundle / "LISEZMOI.txt").read_text()
    assert found_in(bundle) == {"segment-left-out"}


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_segment_that_is_left_out_is_found(town: Town, at: int) -> None:
    bundle = town.export(replace(released(town, per_segment=1), hidden=[at])).path
    assert found_in(bundle) == {"segment-left-out"}


def test_release_that_is_left_out_with_its_segments_is_found(town: Town) -> None:
    release = released(town, per_segment=2, per_release=1)
    less = replace(release.grant, release_indices=release.grant.release_indices[:1])
    bundle = town.export(replace(release, grant=less, hidden=[1])).path
    assert found_in(bundle) == {"release-left-out"}


def test_segment_that_the_manifest_tells_as_unreadable_is_not_missed_and_the_report_says_so(town: Town) -> None:
    release = replace(released(town, per_segment=2), hidden=[1])
    unreadable = {release.sealed[1].header.segment: "segment-unreadable"}
    report = verify_bundle(town.export(replace(release, unreadable=unreadable)).path)
    assert report.ok, report.findings
    assert "segments-unreadable" in report.limits


def damaged(town: Town, told: Sequence[int], lost: Sequence[int]) -> Path:
    """A bundle without these records of its one segment, of which those are told."""
    release = released(town)
    segment = release.sealed[0].header.segment
    unreadable, missing = {segment: "record-damaged"}, {segment: told}
    return town.export(replace(release, without={0: lost}, unreadable=unreadable, missing=missing)).path


@pytest.mark.parametrize("lost", [[1], [2], [4], [2, 3], [1, 4], [1, 2, 3, 4]])
def test_record_that_the_manifest_tells_as_unreadable_is_not_missed_and_all_others_are_there(
    town: Town, lost: list[int]
) -> None:
    bundle = damaged(town, lost, lost)
    report = verify_bundle(bundle)
    assert report.ok, report.findings
    assert "segments-unreadable" in report.limits
    assert next(step for step in report.steps if step.id == "complete").facts["unreadable_records"] == len(lost)
    manifest = decode((bundle / "manifest.json").read_bytes())
    assert [one.records for one in manifest.unreadable] == [tuple(lost)]
    assert sum(item.frames for item in manifest.items) == (4 - len(lost)) * GOP
    assert "INCOMPLET" in (bundle / "LISEZMOI.txt").read_text()


@pytest.mark.parametrize(("told", "lost"), [([2], [2, 3]), ([2], [2, 4]), ([3], [1]), ([4], [1, 4]), ([1], [2])])
def test_record_that_is_left_out_beside_one_that_is_told_is_found(town: Town, told: list[int], lost: list[int]) -> None:
    assert found_in(damaged(town, told, lost)) == {"record-left-out"}


def test_bundle_without_a_release_says_that_only_the_ledger_knows(town: Town) -> None:
    bundle = town.export(town.grant(START_UTC_US, START_UTC_US + 1, opened=False)).path
    assert "nothing-released" in verify_bundle(bundle).limits


@pytest.mark.parametrize("per_segment", [1, 2, 4])
@pytest.mark.parametrize(("first", "last"), [(24, 51), (25, 50), (49, 76), (0, 100), (-9, 200), (30, 40)])
def test_honest_bundle_is_complete_wherever_the_interval_begins(
    town: Town, first: int, last: int, per_segment: int
) -> None:
    release = released(town, first, last, per_segment=per_segment)
    report = verify_bundle(town.export(release).path)
    assert report.ok, report.findings


@pytest.mark.parametrize("per_segment", [1, 4])
def test_record_of_which_only_the_last_frame_reaches_in_is_proven_to_show_nothing(town: Town, per_segment: int) -> None:
    sets, units = encode(4 * GOP)
    records, run = records_of(units), town.run()
    for at in range(0, 4, per_segment):
        town.seal(records[at : at + per_segment], codec_of(sets), run=run)
    release = town.grant(START_UTC_US + 24 * FRAME_US + 1, START_UTC_US + 60 * FRAME_US)
    bundle = town.export(release).path
    assert verify_bundle(bundle).ok, verify_bundle(bundle).findings
    manifest = decode((bundle / "manifest.json").read_bytes())
    assert len(manifest.unshown) == (1 if per_segment == 1 else 0)
    path = bundle / "proofs" / "records" / f"{release.sealed[0].header.segment}.json"
    change_json(path, lambda proof: proof["records"][1].update(table="0" * len(proof["records"][1]["table"])))
    sign_again(bundle)
    assert "samples-forged" in found_in(bundle)


def reordered(town: Town, codec: Codec, last: int) -> Forger:
    """Four seconds whose frames are shown in another order, in records of ten, granted from the second frame on."""
    sets, units = encode(4 * GOP, b_frames=3, codec=codec, open_gop=True)
    town.seal(records_of(units, most_frames=10), codec_of(sets))
    release = town.grant(START_UTC_US + FRAME_US, START_UTC_US + last * FRAME_US)
    return Forger(release.grant, release.sealed)


CODECS: Final[Sequence[Codec]] = ("h264", "h265")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("last", range(9, 32))
def test_every_frame_before_the_end_is_exported_although_a_later_one_is_decoded_first(
    town: Town, codec: Codec, last: int
) -> None:
    bundle = town.export(reordered(town, codec, last)).path
    report = verify_bundle(bundle)
    assert report.ok, report.findings
    assert next(step for step in report.steps if step.id == "times").facts["shown"] == last - 1


@pytest.mark.parametrize("codec", CODECS)
def test_record_that_only_reaches_back_into_the_interval_is_missed(town: Town, codec: Codec) -> None:
    last = 20
    release = reordered(town, codec, last)
    with SegmentReader(release.sealed[0].path) as reader:
        heads = reader.heads
    to_us = START_UTC_US + last * FRAME_US
    (seq,) = [one.seq for one in heads[1:] if one.start_utc_us < to_us < one.end_utc_us][-1:]
    bundle = town.export(replace(release, without={0: [seq]})).path
    assert found_in(bundle) == {"record-left-out"}


@pytest.mark.parametrize("change", ["head", "path", "seq", "gone"])
def test_head_beside_what_is_told_counts_only_if_it_was_sealed(town: Town, change: str) -> None:
    """A forged head could say that what was left out lies elsewhere."""
    release = released(town)
    bundle = town.export(replace(release, without={0: [4]})).path
    with SegmentReader(release.sealed[0].path) as reader:
        far = replace(reader.heads[4], start_utc_us=UtcUs(START_UTC_US + 9_000_000_000)).pack().hex()

    def forge(proof: dict[str, Any]) -> None:
        (one,) = proof["beside"]
        match change:
            case "head":
                one["head"] = far
            case "path":
                one["head"], one["path"] = far, one["path"][:-1]
            case "seq":
                one["seq"] = 3
            case "gone":
                proof["beside"] = []

    change_json(bundle / "proofs" / "records" / f"{release.sealed[0].header.segment}.json", forge)
    sign_again(bundle)
    expected = "record-malformed" if change in ("head", "path") else "record-left-out"
    assert found_in(bundle) == {expected, "entry-differs"}


def test_damaged_record_beside_what_is_granted_is_told_and_the_next_one_shows_the_rest(town: Town) -> None:
    release = released(town, GOP, 2 * GOP)
    bundle = town.export(Worn(release.grant, release.sealed, worn=3)).path
    report = verify_bundle(bundle)
    assert report.ok, report.findings
    (unreadable,) = decode((bundle / "manifest.json").read_bytes()).unreadable
    assert unreadable.records == (3,)


@pytest.mark.parametrize("told", [True, False])
def test_interval_that_begins_in_a_gap_needs_nothing_from_before_it(town: Town, told: bool) -> None:
    sets, units = encode(4 * GOP)
    records = records_of(units)
    for record in records[2:]:
        record.start_utc_us = UtcUs(record.start_utc_us + 3_000_000)
    town.seal(records, codec_of(sets))
    hole = START_UTC_US + 2_000_000
    release = town.grant(hole + 500_000, hole + 9_000_000)
    gap = FakeGap(UtcUs(hole), UtcUs(hole + 3_000_000), "silent")
    bundle = town.export(release, index=FakeIndex({CAMERA: [gap] if told else []})).path
    assert found_in(bundle) == set()
