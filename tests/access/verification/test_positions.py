"""A position that was not sealed, or that is withheld, is found, however well the rest was made to fit."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from access.verification.bundle import verify_bundle
from access.verification.texts import render
from nvr.base.ids import SegmentId
from nvr.base.jcs import canonical
from storage.svs1.layout import RecordType
from tests.access.footage import (
    FRAME_US,
    START_UTC_US,
    FakeRecord,
    FakeRelease,
    Town,
    codec_of,
    encode,
    observed,
    records_of,
)
from tests.access.verification.bundles import change_json, sign_again


def released(town: Town, first: int = 30, last: int = 60, *, per_segment: int = 4) -> FakeRelease:
    """Four groups of a second each, of a dome that said where it looked in each."""
    sets, units = encode(100)
    records, run = observed(records_of(units)), town.run()
    for at in range(0, 4, per_segment):
        town.seal(records[at : at + per_segment], codec_of(sets), run=run)
    return town.grant(START_UTC_US + first * FRAME_US, START_UTC_US + last * FRAME_US)


@pytest.fixture
def bundle(town: Town) -> Path:
    return town.export(released(town)).path


def positions_of(bundle: Path) -> Path:
    (path,) = (bundle / "video").glob("*.ptz.json")
    return path


def found_in(bundle: Path) -> set[tuple[str, str]]:
    return {(one.id, one.file) for one in verify_bundle(bundle).findings}


def listed(manifest: dict[str, list[dict[str, str]]], path: Path) -> dict[str, str]:
    """The manifest's line on a file."""
    return next(file for file in manifest["files"] if file["path"].endswith(path.name))


@pytest.mark.parametrize("per_segment", [1, 2, 4])
@pytest.mark.parametrize(("first", "last"), [(0, 100), (30, 60), (25, 50), (49, 51), (-5, 200)])
def test_bundle_of_a_dome_verifies(town: Town, first: int, last: int, per_segment: int) -> None:
    report = verify_bundle(town.export(released(town, first, last, per_segment=per_segment)).path)
    assert report.ok, report.findings


def test_changed_position_is_named(bundle: Path) -> None:
    path = positions_of(bundle)
    change_json(path, lambda said: said["records"][0]["observations"][0].update(pan_mdeg=90_000))
    sign_again(bundle)
    assert ("positions-differ", f"video/{path.name}") in found_in(bundle)


def test_position_changed_in_file_and_proof_alike_is_named(bundle: Path) -> None:
    (proof,) = (bundle / "proofs" / "records").iterdir()
    forged = canonical([{"k": "ptz", "pan_mdeg": 0}])

    def change(said: dict[str, list[dict[str, object]]]) -> None:
        (side, *_) = [one for one in said["records"] if one["seq"] == 3]
        side.update(table=forged.hex(), slices=[len(forged)])

    change_json(proof, change)
    change_json(positions_of(bundle), lambda said: said["records"][0].update(observations=json.loads(forged)))
    sign_again(bundle)
    # The head says how long the sealed content is.
    assert ("record-malformed", f"proofs/records/{proof.name}") in found_in(bundle)


def test_position_of_the_same_length_in_file_and_proof_is_named(bundle: Path) -> None:
    (proof,) = (bundle / "proofs" / "records").iterdir()

    def forge(text: str) -> str:
        return text.replace('"pan_mdeg":1000', '"pan_mdeg":9000')

    def change(said: dict[str, list[dict[str, Any]]]) -> None:
        (side, *_) = [one for one in said["records"] if one["seq"] == 3]
        side["table"] = forge(bytes.fromhex(side["table"]).decode()).encode().hex()

    change_json(proof, change)
    path = positions_of(bundle)
    path.write_text(forge(path.read_text()))
    sign_again(bundle)
    assert {(one, f"proofs/records/{proof.name}") for one in ("samples-forged", "tag-differs")} <= found_in(bundle)


def test_file_of_positions_that_is_taken_away_is_named(bundle: Path) -> None:
    path = positions_of(bundle)
    path.unlink()
    change_json(bundle / "manifest.json", lambda told: told["files"].remove(listed(told, path)))
    sign_again(bundle)
    assert ("positions-missing", f"video/{path.name}") in found_in(bundle)


def test_positions_of_another_camera_or_of_no_movie_are_named(town: Town) -> None:
    sets, units = encode(100)
    town.seal(records_of(units), codec_of(sets))
    bundle = town.export(town.grant(START_UTC_US, START_UTC_US + 50 * FRAME_US)).path
    (movie,) = (bundle / "video").iterdir()
    for name in (movie.name.replace(".mp4", ".ptz.json"), "other.ptz.json"):
        (bundle / "video" / name).write_bytes(b"{}")
        assert ("positions-of-no-movie", f"video/{name}") in found_in(bundle)
        (bundle / "video" / name).unlink()


@dataclass(frozen=True, slots=True)
class Forger(FakeRelease):
    """One who holds the export key, and leaves a side record out."""

    without: int = 0

    def records(self, segment: SegmentId) -> Iterator[FakeRecord]:
        return (record for record in FakeRelease.records(self, segment) if record.seq != self.without)


@pytest.mark.parametrize("seq", [3, 5], ids=["first of the interval", "last of the interval"])
def test_side_record_that_is_left_out_is_found(town: Town, seq: int) -> None:
    release = released(town)
    bundle = town.export(Forger(release.grant, release.sealed, without=seq)).path
    assert {one for one, _ in found_in(bundle)} == {"record-left-out"}


@pytest.mark.parametrize("seq", [4, 6], ids=["first of the interval", "last of the interval"])
def test_group_that_is_left_out_is_found_although_its_side_record_is_there(town: Town, seq: int) -> None:
    release = released(town)
    bundle = town.export(Forger(release.grant, release.sealed, without=seq)).path
    assert "record-left-out" in {one for one, _ in found_in(bundle)}


def test_side_record_that_is_told_as_unreadable_is_not_missed(town: Town) -> None:
    release = released(town)
    segment = release.sealed[0].header.segment
    told = replace(release, missing={segment: {3}}, unreadable={segment: "record-damaged"})
    report = verify_bundle(town.export(told).path)
    assert report.ok, report.findings
    assert "segments-unreadable" in report.limits


@dataclass(frozen=True, slots=True)
class Generous(FakeRelease):
    """One who gives all side records away, those of other seconds too."""

    def records(self, segment: SegmentId) -> Iterator[FakeRecord]:
        whole = replace(self.grant, from_utc_us=START_UTC_US)
        for record in FakeRelease(whole, self.sealed).records(segment):
            if record.head.type is not RecordType.GOP or record.seq >= 4:
                yield record


def test_position_of_seconds_that_were_not_granted_is_named(town: Town) -> None:
    release = released(town)
    bundle = town.export(Generous(release.grant, release.sealed)).path
    assert "position-not-granted" in {one for one, _ in found_in(bundle)}


def test_findings_read_in_both_languages(bundle: Path) -> None:
    path = positions_of(bundle)
    change_json(path, lambda said: said.update(camera="other"))
    sign_again(bundle)
    report = verify_bundle(bundle)
    assert "does not say what was sealed" in render(report, "en")
    assert "ne dit pas ce qui a été scellé" in render(report, "fr")
