"""What was granted is read before anything is written, and a segment must be what its seal says."""

from dataclasses import replace

import pytest

from access.export.collect import ReleaseDiffers, check_segment, collect
from nvr.base.ids import CameraId
from storage.ledger.entries import EntryInvalid
from tests.access.footage import (
    CAMERA,
    FRAME_US,
    START_UTC_US,
    FakeRelease,
    FakeSegment,
    Town,
    codec_of,
    encode,
    records_of,
)


@pytest.fixture
def release(town: Town) -> FakeRelease:
    """Two segments of one run, of which the grant covers parts."""
    sets, units = encode(100)
    records, run = records_of(units), town.run()
    town.seal(records[:2], codec_of(sets), run=run)
    town.seal(records[2:], codec_of(sets), run=run)
    return town.grant(START_UTC_US + 30 * FRAME_US, START_UTC_US + 60 * FRAME_US)


def test_plan_names_the_segments_whose_pictures_are_used(release: FakeRelease) -> None:
    (plan,) = collect(release)
    assert list(plan.segments) == [sealed.header.segment for sealed in release.sealed]
    assert [(gop.segment, gop.seq) for part in plan.parts for gop in part.gops] == [
        (release.sealed[0].header.segment, 2),
        (release.sealed[1].header.segment, 1),
    ]


def test_segment_from_which_nothing_is_shown_is_in_no_movie_and_kept_to_prove_it(town: Town) -> None:
    sets, units = encode(50)
    run = town.run()
    town.seal(records_of(units)[:1], codec_of(sets), run=run)
    town.seal(records_of(units)[1:], codec_of(sets), run=run)
    release = town.grant(START_UTC_US + 24 * FRAME_US + 1, START_UTC_US + 30 * FRAME_US)
    assert len(release.segments(CAMERA)) == 2
    (plan,) = collect(release)
    assert {gop.segment for part in plan.parts for gop in part.gops} == {release.sealed[1].header.segment}
    assert list(plan.segments) == [sealed.header.segment for sealed in release.sealed]


def segment_of(release: FakeRelease) -> FakeSegment:
    return release.segments(CAMERA)[0]


def test_segment_that_is_what_was_logged_passes(town: Town, release: FakeRelease) -> None:
    check_segment(CAMERA, segment_of(release), town.store.entry(release.sealed[0].seal_index))


@pytest.mark.parametrize(
    "change",
    [{"root": bytes(32)}, {"commit": bytes(32)}, {"inner": [bytes(32)] * 3}, {"segment": "0" * 32}],
    ids=lambda change: next(iter(change)),
)
def test_segment_that_differs_is_refused(town: Town, release: FakeRelease, change: dict[str, object]) -> None:
    changed = replace(segment_of(release), **change)  # type: ignore[arg-type]
    with pytest.raises(ReleaseDiffers):
        check_segment(CAMERA, changed, town.store.entry(release.sealed[0].seal_index))


def test_segment_of_another_camera_or_entry_is_refused(town: Town, release: FakeRelease) -> None:
    with pytest.raises(ReleaseDiffers):
        check_segment(CameraId("gare"), segment_of(release), town.store.entry(release.sealed[0].seal_index))
    for index in (0, release.sealed[1].seal_index):
        with pytest.raises(ReleaseDiffers):
            check_segment(CAMERA, segment_of(release), town.store.entry(index))
    with pytest.raises(EntryInvalid):
        check_segment(CAMERA, segment_of(release), b"{}")
