"""On real footage what must be found is, and what is no fault is not; `benchmarks --only health` has the figures."""

import random
from copy import deepcopy
from pathlib import Path

import pytest

from benchmarks.health import BORNE, DISTURBED, FILMS, Film, found_within, learnt, told_over
from recorder.health.states import Thresholds

FOUND = ("covered", "dark", "blurred, 6 pixels", "shifted 10 % and 5 %", "frozen")


@pytest.mark.shared_data
@pytest.mark.parametrize("name", FILMS)
def test_disturbed_camera_is_found_within_five_looks_and_an_undisturbed_one_is_not(
    name: str, shared_data: Path
) -> None:
    film, lot = Film.of(shared_data / "footage" / name, FILMS[name]), random.Random(7)
    camera = learnt(film, lot, Thresholds())
    assert camera.learnt
    assert camera.faults == ()
    for what in FOUND:
        assert DISTURBED[what][0] in found_within(film, what, lot, deepcopy(camera)), what
    for what in BORNE:
        assert not told_over(film, what, lot, deepcopy(camera), looks=6), what
