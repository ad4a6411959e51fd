"""Positions become integers as the design page says, and what nobody can know stays unknown."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.jcs import canonical
from nvr.base.units import UtcUs
from recorder.ptz.observation import Observation
from recorder.ptz.position import (
    PAN_TILT_DEGREES,
    PAN_TILT_GENERIC,
    ZOOM_GENERIC,
    Kind,
    Position,
    Ranges,
    Reading,
    Spaces,
    position_of,
)

GENERIC = Ranges((-1, 1), (-1, 1))
DEGREES = Ranges((-180, 180), (-90, 0))
BOTH = Spaces(GENERIC, DEGREES)
OTHER = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionSpaceMillimeter"


@pytest.mark.parametrize(
    ("pan_tilt", "space", "spaces", "expected"),
    [
        pytest.param((90.5, -12.3456), PAN_TILT_DEGREES, Spaces(), (Kind.DEGREES, 90_500, -12_346), id="degrees"),
        pytest.param((0.5, 0.0), PAN_TILT_GENERIC, BOTH, (Kind.DEGREES, 90_000, -45_000), id="laid over degrees"),
        pytest.param((-1.0, 1.0), "", BOTH, (Kind.DEGREES, -180_000, 0), id="unnamed space is the generic one"),
        pytest.param((0.25, -1.0), PAN_TILT_GENERIC, Spaces(GENERIC), (Kind.GENERIC, 250, -1000), id="generic alone"),
        pytest.param((0.25, -1.0), "", Spaces(), (Kind.GENERIC, 250, -1000), id="nothing told of spaces"),
        pytest.param((1.0, 1.0), OTHER, BOTH, (Kind.DEGREES, None, None), id="another space"),
        pytest.param((1.0, 1.0), OTHER, Spaces(), (Kind.GENERIC, None, None), id="another space alone"),
        pytest.param(None, "", BOTH, (Kind.DEGREES, None, None), id="no position"),
        pytest.param((math.nan, 0.0), "", Spaces(), (Kind.GENERIC, None, None), id="no number"),
        pytest.param((math.inf, 0.0), PAN_TILT_DEGREES, BOTH, (Kind.DEGREES, None, None), id="no end"),
        pytest.param((0.0, 1e9), PAN_TILT_DEGREES, BOTH, (Kind.DEGREES, None, None), id="beyond sense"),
        pytest.param(
            (0.0, 0.0), "", Spaces(Ranges((1, 1), (0, 0)), DEGREES), (Kind.DEGREES, None, None), id="empty range"
        ),
    ],
)
def test_pan_and_tilt(
    pan_tilt: tuple[float, float] | None, space: str, spaces: Spaces, expected: tuple[Kind, int | None, int | None]
) -> None:
    position = position_of(Reading(pan_tilt, space), spaces)
    assert (position.kind, position.pan, position.tilt) == expected
    assert position.is_known is (expected[1] is not None)


@pytest.mark.parametrize(
    ("zoom", "space", "expected"),
    [(0.5, ZOOM_GENERIC, 500), (0.0004, "", 0), (1.0, OTHER, None), (None, "", None), (math.nan, "", None)],
)
def test_zoom(zoom: float | None, space: str, expected: int | None) -> None:
    assert position_of(Reading(zoom=zoom, zoom_space=space), Spaces()).zoom_milli == expected


numbers = st.floats() | st.none()


@given(
    pan=st.floats(),
    tilt=st.floats(),
    zoom=numbers,
    ends=st.tuples(*[st.floats()] * 8),
    space=st.sampled_from(["", PAN_TILT_DEGREES, PAN_TILT_GENERIC, OTHER]),
)
def test_whatever_a_dome_answers_can_be_sealed(
    pan: float, tilt: float, zoom: float | None, ends: tuple[float, ...], space: str
) -> None:
    spaces = Spaces(Ranges((ends[0], ends[1]), (ends[2], ends[3])), Ranges((ends[4], ends[5]), (ends[6], ends[7])))
    position = position_of(Reading((pan, tilt), space, zoom, ""), spaces)
    assert len(Observation(UtcUs(0), position, None).to_json()) == 6
    canonical(Observation(UtcUs(0), position, None).to_json())
    assert position.is_near(position)


def at(pan: int, tilt: int = 0, zoom: int | None = 0, kind: Kind = Kind.DEGREES) -> Position:
    return Position(kind, pan, tilt, zoom)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        pytest.param(at(0), at(1_000), True, id="a degree"),
        pytest.param(at(0), at(1_001), False, id="more than a degree"),
        pytest.param(at(179_600), at(-179_700), True, id="round the back"),
        pytest.param(at(0, 0), at(0, 1_001), False, id="tilted"),
        pytest.param(at(0, zoom=0), at(0, zoom=21), False, id="zoomed"),
        pytest.param(at(0, zoom=None), at(0, zoom=500), True, id="zoom not known"),
        pytest.param(at(0, kind=Kind.GENERIC), at(5, kind=Kind.GENERIC), True, id="generic"),
        pytest.param(at(-1000, kind=Kind.GENERIC), at(1000, kind=Kind.GENERIC), False, id="generic does not go round"),
        pytest.param(at(0), at(0, kind=Kind.GENERIC), False, id="other units"),
        pytest.param(at(0), Position(Kind.DEGREES, None, None, 0), True, id="direction not known"),
    ],
)
def test_what_counts_as_the_same_place(one: Position, other: Position, near: bool) -> None:
    assert one.is_near(other) is near
    assert other.is_near(one) is near
