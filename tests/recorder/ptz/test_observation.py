"""Observations go with the pictures of their time, none twice, and what is lost is counted."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import UtcUs
from recorder.ptz.observation import (
    MOST_PENDING,
    OLDEST_US,
    Observation,
    Pending,
    Preset,
    positions_by_name,
    preset_at,
    shown_name,
)
from recorder.ptz.position import Kind, Position

S = 1_000_000
NOW = 1_790_000_000 * S


def at(pan: int | None, zoom: int | None = 0, kind: Kind = Kind.DEGREES) -> Position:
    return Position(kind, pan, None if pan is None else 0, zoom)


def seen(t_us: int, pan: int = 0) -> Observation:
    return Observation(UtcUs(NOW + t_us), at(pan), None)


def times(content: bytes) -> list[int]:
    return [each["t_utc_us"] - NOW for each in json.loads(content or b"[]")]


def test_observation_has_the_six_keys_of_its_kind() -> None:
    assert Observation(UtcUs(5), at(-90_000), "Mairie").to_json() == {
        "k": "ptz",
        "t_utc_us": 5,
        "pan_mdeg": -90_000,
        "tilt_mdeg": 0,
        "zoom_milli": 0,
        "preset": "Mairie",
    }
    generic = Observation(UtcUs(5), at(None, None, Kind.GENERIC), None).to_json()
    assert list(generic) == ["k", "t_utc_us", "pan_milli", "tilt_milli", "zoom_milli", "preset"]
    assert generic["k"] == "ptz-generic"


def test_pictures_take_what_was_seen_during_them_and_the_last_before() -> None:
    pending = Pending()
    for t_us in (-4 * S, -2 * S, 0, S, 2 * S):
        pending.add(seen(t_us))
    assert times(pending.take(UtcUs(NOW), UtcUs(NOW + 2 * S))) == [-2 * S, 0, S]
    assert times(pending.take(UtcUs(NOW + 2 * S), UtcUs(NOW + 4 * S))) == [2 * S]
    assert pending.take(UtcUs(NOW + 4 * S), UtcUs(NOW + 6 * S)) == b""
    assert (pending.sealed, pending.dropped) == (4, 0)


def test_what_was_seen_long_before_the_pictures_says_nothing_of_them() -> None:
    pending = Pending()
    pending.add(seen(-OLDEST_US - 1))
    assert pending.take(UtcUs(NOW), UtcUs(NOW + S)) == b""


def test_bound_is_kept_and_what_falls_out_is_counted() -> None:
    pending = Pending()
    for number in range(MOST_PENDING + 3):
        pending.add(seen(number))
    assert len(times(pending.take(UtcUs(NOW), UtcUs(NOW + S)))) == MOST_PENDING
    assert (pending.sealed, pending.dropped) == (MOST_PENDING, 3)


def test_pictures_that_storage_refused_count_their_observations_as_dropped_once() -> None:
    pending = Pending()
    pending.add(seen(0))
    pending.add(seen(1))
    pending.take(UtcUs(NOW), UtcUs(NOW + S))
    pending.refused()
    pending.refused()
    assert (pending.sealed, pending.dropped) == (0, 2)


@given(
    instants=st.lists(st.integers(0, 60 * S), max_size=MOST_PENDING).map(sorted),
    cuts=st.lists(st.integers(0, 60 * S), min_size=2, max_size=9).map(sorted),
)
def test_no_observation_is_sealed_twice_or_after_its_pictures(instants: list[int], cuts: list[int]) -> None:
    pending = Pending()
    for t_us in instants:
        pending.add(seen(t_us))
    taken: list[int] = []
    for start, end in pairwise(cuts):
        now = times(pending.take(UtcUs(NOW + start), UtcUs(NOW + end)))
        assert all(t_us < end for t_us in now)
        taken += now
    assert taken == sorted(taken)
    inside = [t_us for t_us in instants if cuts[0] <= t_us < cuts[-1]]
    assert [t_us for t_us in taken if t_us >= cuts[0]] == inside


PRESETS = [Preset("a", at(0)), Preset("b", at(900)), Preset("c", at(None)), Preset("d", at(90_000, 300))]


@pytest.mark.parametrize(
    ("position", "name"),
    [(at(100), "a"), (at(800), "b"), (at(90_000, 300), "d"), (at(90_000, 0), None), (at(None), None)],
)
def test_preset_is_the_nearest_one_at_which_the_dome_stands(position: Position, name: str | None) -> None:
    assert preset_at(position, PRESETS) == name


def test_presets_without_position_are_at_no_place() -> None:
    assert set(positions_by_name(PRESETS)) == {"a", "b", "d"}


@pytest.mark.parametrize(
    ("name", "token", "shown"),
    [("Mairie\n", "1", "Mairie"), ("", "1", "1"), ("\x00", "2", "2"), ("x" * 99, "3", "x" * 64)],
)
def test_name_of_a_preset_is_short_and_plain(name: str, token: str, shown: str) -> None:
    assert shown_name(name, token) == shown
