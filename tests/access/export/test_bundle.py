"""A bundle is made in steps, logged before it has its name, and nothing half-done is called one."""

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pytest

from access.export.bundle import BundleExists
from access.export.collect import ReleaseDiffers
from access.export.granted import GrantOver
from access.export.manifest import decode
from access.export.mux import MovieWriter
from access.policy import Denied
from access.verification.bundle import verify_bundle
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.durable import rename_file
from storage.vanished import Vanished
from tests.access.footage import (
    CAMERA,
    FRAME_US,
    START_UTC_US,
    FakeGap,
    FakeIndex,
    FakeRelease,
    Town,
    codec_of,
    encode,
    records_of,
)


def frame_utc_us(number: int) -> int:
    return START_UTC_US + number * FRAME_US


def released(town: Town, first: int = 30, last: int = 60, **encoding: int) -> FakeRelease:
    sets, units = encode(100, **encoding)
    town.seal(records_of(units), codec_of(sets))
    return town.grant(frame_utc_us(first), frame_utc_us(last))


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize(("first", "last"), [(30, 60), (31, 61), (32, 62), (25, 50), (-5, 3), (90, 200)])
def test_bundle_holds_what_was_granted_and_verifies(town: Town, first: int, last: int, b_frames: int) -> None:
    bundle = town.export(released(town, first, last, b_frames=b_frames))
    report = verify_bundle(bundle.path)
    assert report.ok, report.findings
    (item,) = decode((bundle.path / "manifest.json").read_bytes()).items
    assert item.from_utc_us == frame_utc_us(max(first, 0))
    assert item.to_utc_us == frame_utc_us(min(last, 100) - 1)


def test_ledger_holds_the_hash_of_the_manifest(town: Town) -> None:
    bundle = town.export(released(town))
    body = json.loads(town.store.entry(bundle.export_index))["body"]
    digest = sha256((bundle.path / "manifest.json").read_bytes()).hexdigest()
    assert (body["bundle"], body["manifest"]) == (bundle.name, digest)
    assert body["files"] == len(bundle.files) - 5
    assert bundle.manifest_sha256 == digest


def test_bundle_without_footage_says_so_and_verifies(town: Town) -> None:
    release = town.grant(frame_utc_us(0), frame_utc_us(9), opened=False)
    gap = FakeGap(UtcUs(frame_utc_us(-3)), None, "silent")
    bundle = town.export(release, index=FakeIndex({CAMERA: [gap]}))
    manifest = decode((bundle.path / "manifest.json").read_bytes())
    assert (manifest.items, [one.cause for one in manifest.gaps]) == ((), ["silent"])
    assert "AUCUNE IMAGE" in (bundle.path / "LISEZMOI.txt").read_text()
    assert verify_bundle(bundle.path).ok


def test_bundle_of_unreadable_footage_does_not_say_that_none_exists(town: Town) -> None:
    release = released(town)
    unreadable = {release.sealed[0].header.segment: "volume-not-mounted"}
    bundle = town.export(replace(release, sealed=(), unreadable=unreadable))
    text = (bundle.path / "LISEZMOI.txt").read_text()
    assert "AUCUNE IMAGE" not in text
    assert "INCOMPLET" in text
    assert verify_bundle(bundle.path).ok


def test_granted_interval_in_which_nothing_begins_has_no_movie(town: Town) -> None:
    sets, units = encode(100)
    town.seal(records_of(units), codec_of(sets))
    bundle = town.export(town.grant(frame_utc_us(30) + 1, frame_utc_us(31)))
    assert decode((bundle.path / "manifest.json").read_bytes()).items == ()
    assert verify_bundle(bundle.path).ok


def test_movie_spans_segments_of_a_run_and_ends_with_the_run(town: Town) -> None:
    sets, units = encode(100)
    records, run = records_of(units), town.run()
    town.seal(records[:2], codec_of(sets), run=run)
    town.seal(records[2:], codec_of(sets), run=run)
    town.seal(records_of(units, start_utc_us=frame_utc_us(200)), codec_of(sets))
    town.seal(records_of(units), codec_of(sets), camera=CameraId("gare"))
    bundle = town.export(town.grant(frame_utc_us(10), frame_utc_us(260), cameras=[CAMERA, CameraId("gare")]))
    items = decode((bundle.path / "manifest.json").read_bytes()).items
    assert [(item.camera, len(item.segments), item.frames) for item in items] == [
        ("gare", 1, 100),
        ("place-mairie", 2, 100),
        ("place-mairie", 1, 60),
    ]
    assert verify_bundle(bundle.path).ok


def test_gap_inside_a_movie_is_told_with_it(town: Town) -> None:
    release = released(town, 0, 100)
    inside = FakeGap(UtcUs(frame_utc_us(10)), UtcUs(frame_utc_us(12)), "lost")
    after = FakeGap(UtcUs(frame_utc_us(200)), None, "stopped")
    bundle = town.export(release, index=FakeIndex({CAMERA: [inside, after]}))
    manifest = decode((bundle.path / "manifest.json").read_bytes())
    assert [gap.cause for gap in manifest.gaps] == ["lost", "stopped"]
    assert [gap.cause for gap in manifest.items[0].gaps] == ["lost"]


def test_footage_that_existed_and_is_gone_is_told_with_when_and_why(town: Town) -> None:
    begin, end = UtcUs(frame_utc_us(100)), UtcUs(frame_utc_us(200))
    gone = Vanished(begin, end, "lost", UtcUs(frame_utc_us(900)), "its volume was taken out for good")
    gap = FakeGap(UtcUs(frame_utc_us(300)), None, "stopped")
    bundle = town.export(released(town, 0, 100), index=FakeIndex({CAMERA: [gap]}, {CAMERA: [gone]}))
    first, second = decode((bundle.path / "manifest.json").read_bytes()).gaps
    assert (first.cause, first.from_utc_us, first.to_utc_us) == ("lost", begin, end)
    assert (first.since_utc_us, first.why) == (gone.since_utc_us, gone.why)
    assert (second.cause, second.since_utc_us, second.why) == ("stopped", None, None)
    assert verify_bundle(bundle.path).ok


def test_same_footage_gives_the_same_movie(town: Town) -> None:
    release = released(town)
    first, second = town.export(release), town.export(release, number=2)
    assert [(path.name, path.read_bytes()) for path in (first.path / "video").iterdir()] == [
        (path.name, path.read_bytes()) for path in (second.path / "video").iterdir()
    ]


def test_bundle_is_refused_once_the_grant_is_over(town: Town) -> None:
    release = released(town)
    town.clock.advance(release.grant.valid_until_utc_us - town.clock.utc_us())
    with pytest.raises(GrantOver):
        town.export(release)
    assert town.appended == []


def test_grant_that_ends_while_movies_are_written_gives_no_bundle(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    release = released(town)
    real = MovieWriter.finish

    def slow(writer: MovieWriter) -> int:
        town.clock.advance(release.grant.valid_until_utc_us - town.clock.utc_us())
        return real(writer)

    monkeypatch.setattr(MovieWriter, "finish", slow)
    with pytest.raises(GrantOver):
        town.export(release)
    assert town.appended == []


def test_bundle_is_never_made_over_another(town: Town) -> None:
    release = released(town)
    town.export(release)
    with pytest.raises(BundleExists):
        town.export(release)


def test_segment_whose_seal_says_otherwise_is_refused(town: Town) -> None:
    release = released(town)
    sets, units = encode(100)
    other = town.seal(records_of(units), codec_of(sets))
    forged = replace(release.sealed[0], seal_index=other.seal_index)
    with pytest.raises(ReleaseDiffers):
        town.export(replace(release, sealed=[forged]))
    assert town.appended == []


def test_crash_while_muxing_leaves_no_bundle_and_the_next_attempt_makes_one(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = released(town)
    with monkeypatch.context() as broken:
        broken.setattr(MovieWriter, "finish", _no_space)
        with pytest.raises(OSError, match="No space"):
            town.export(release)
    staging = town.directory / "staging"
    assert [path.name for path in staging.iterdir()] == ["EXP-R-2026-000123-1.partial"]
    assert town.appended == []
    assert verify_bundle(town.export(release).path).ok
    assert [path.name for path in staging.iterdir()] == ["EXP-R-2026-000123-1"]


def test_export_is_in_the_ledger_before_the_bundle_has_its_name(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[list[str]] = []

    def renamed(source: Path, target: Path) -> None:
        logged.append(list(town.appended))
        rename_file(source, target)

    monkeypatch.setattr("access.export.bundle.rename_file", renamed)
    town.export(released(town))
    assert logged == [["export"]]


def _no_space(writer: MovieWriter) -> int:
    raise OSError(28, "No space left on device")


@dataclass(frozen=True, slots=True)
class EndingRelease(FakeRelease):
    """May be had for so many questions more."""

    left: list[int] = field(default_factory=list)

    def demand(self) -> None:
        if not self.left:
            raise Denied(rule="grant-revoked", what="export", object=self.grant.requisition)
        self.left.pop()


def ending(release: FakeRelease, questions: int) -> EndingRelease:
    return EndingRelease(release.grant, release.sealed, left=[0] * questions)


def test_export_that_ends_at_any_question_is_neither_logged_nor_named(town: Town) -> None:
    release = released(town)
    asked = ending(release, 1000)
    town.export(asked, number=1)
    questions = 1000 - len(asked.left)
    assert questions > len(release.sealed) + 3  # proofs, files and the entry, beside the records themselves
    for number in range(questions):
        with pytest.raises(Denied, match="grant-revoked"):
            town.export(ending(release, number), number=2)
    assert town.appended == ["export"]
    assert not (town.directory / "staging" / "EXP-R-2026-000123-2").exists()
    assert verify_bundle(town.export(ending(release, questions), number=2).path).ok
