from dataclasses import fields

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

from recorder.health.looks import MILLE, PROFILE_BYTES, Look
from recorder.health.scoring import look_at
from tests.recorder.health.scenes import COLOUR, HEIGHT, WIDTH, Plane, look, street


@given(shapes.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 900))))
def test_any_picture_whatever_its_size_has_scores_within_their_ranges(picture: Plane) -> None:
    other = look(street())
    found = look_at(picture, [], [other.profile], [other.profile])
    assert 0 <= found.luma <= 255
    assert 0 <= found.bright <= 255
    assert 0 <= found.sharpness <= MILLE
    assert 0 <= found.detail <= MILLE
    assert found.change is not None
    assert 0 <= found.change <= MILLE
    assert all(-MILLE <= match <= MILLE for match in found.matches)
    assert len(found.profile) == PROFILE_BYTES
    assert all(type(getattr(found, each.name)) in (int, bytes, tuple) for each in fields(Look))


def test_blur_lowers_sharpness_step_by_step_and_darkness_does_not() -> None:
    scores = [look(np.asarray(cv2.GaussianBlur(street(), (0, 0), sigma), np.uint8)).sharpness for sigma in (1, 2, 4, 8)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 2 * scores[2]
    sharp = look(street()).sharpness
    assert look((street() // 3).astype(np.uint8)).sharpness == pytest.approx(sharp, rel=0.15)


def test_same_street_with_other_grain_and_half_the_light_agrees_and_another_street_does_not() -> None:
    usual = look(street()).profile
    again = look(street(noise=9), references=[usual]).matches[0]
    dim = look((street(noise=3) // 2).astype(np.uint8), references=[usual]).matches[0]
    other = look(street(2), references=[usual]).matches[0]
    assert min(again, dim) > 900
    assert other < 500


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_turned_camera_agrees_less(share: float) -> None:
    wide = street(width=2 * WIDTH)
    usual = look(wide[:, :WIDTH]).profile
    begin = round(share * WIDTH)
    assert look(wide[:, begin : begin + WIDTH], references=[usual]).matches[0] < 550


def test_mast_in_the_wind_agrees() -> None:
    wide = street(width=2 * WIDTH)
    usual = look(wide[:, 20 : WIDTH + 20]).profile
    assert look(wide[:, 26 : WIDTH + 26], references=[usual]).matches[0] > 800


def test_what_passes_by_once_does_not_count() -> None:
    usual = look(street()).profile
    lorry = street()
    lorry[:, 150:520] = street(5)[:, 150:520]
    alone = look(lorry, references=[usual]).matches[0]
    among_others = look(lorry, recent=[look(street(noise=n)).profile for n in (1, 2)], references=[usual]).matches[0]
    assert alone < 700
    assert among_others > 900


def test_only_the_same_picture_changes_nothing() -> None:
    before = look(street(noise=1)).profile
    assert look(street(noise=1), recent=[before]).change == 0
    assert (look(street(noise=2), recent=[before]).change or 0) > 3


def test_cover_takes_the_detail_and_night_the_colour() -> None:
    cover = np.full((HEIGHT, WIDTH), 120, np.uint8) + np.random.default_rng(1).integers(0, 6, (HEIGHT, WIDTH))
    assert look(cover.astype(np.uint8)).detail == 0
    assert look(street()).detail > 200
    assert look(street(), colour=np.full_like(COLOUR, 128)).colour == 0
    assert look(street()).colour == 12


def test_profile_is_the_same_for_pictures_that_differ_in_where_along_a_column_or_row_things_are() -> None:
    """Hence no picture can be had from it: very different ones have the same profile (docs/design/health.md)."""
    one, other = (np.full((90, 160), 60, np.uint8) for _ in range(2))
    for x, (upper, lower) in zip((30, 110), ((10, 60), (60, 10)), strict=True):
        one[upper : upper + 12, x : x + 12] = 200
        other[lower : lower + 12, x : x + 12] = 200
    assert not np.array_equal(one, other)
    assert look(one).profile == look(other).profile
