from typing import Any

import pytest

from nvr.app.cli.camera_url import stream_from, stream_lines
from nvr.base.errors import InvalidValue

PROFILE = {"name": "main", "coding": "H265", "width": 2592, "height": 1944, "fps_milli": 25_000}


@pytest.mark.parametrize(
    ("given", "args"),
    [
        (("rtsp://h/", None, None, None, None), {"url": "rtsp://h/"}),
        ((None, "milesight", "h", 8554, None), {"url": "rtsp://h:8554/main"}),
        ((None, None, "h:80", None, None), {"host": "h:80"}),
        ((None, None, "h", None, 2), {"host": "h", "channel": 2}),
        ((None, None, None, None, None), {}),
    ],
)
def test_options_become_the_arguments_of_the_act(given: tuple[Any, ...], args: dict[str, Any]) -> None:
    assert stream_from(*given) == args


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("rtsp://h/", None, "h", None, None), "--url"),
        ((None, "axis", None, None, None), "--host"),
        ((None, None, "h", 554, None), "--port"),
        ((None, None, None, None, 1), "--host"),
    ],
)
def test_half_of_them_or_both_are_refused(given: tuple[Any, ...], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        stream_from(*given)
    assert refused.value.field == field


def test_choice_is_told_with_what_was_passed_over() -> None:
    others = [{**PROFILE, "name": "sub", "width": 640, "height": 360}, {**PROFILE, "name": "odd", "coding": ""}]
    stream = {"url": "rtsp://h/x", "profile": PROFILE, "reason": "largest", "others": others, "channels": 2}
    assert stream_lines("c1", stream) == [
        "c1: rtsp://h/x, as the camera says (ONVIF).",
        "Profile main, 2592x1944 H265, 25 frames/s: the largest picture.",
        "Not taken: sub 640x360 H265, odd 2592x1944 ?.",
        "The camera has 2 lenses or inputs; each is a camera of its own here: --channel.",
    ]
    assert len(stream_lines("c1", {**stream, "others": [], "channels": 1})) == 2
