"""Pictures a second as they are really recorded: minutes of them, without breaks."""

from typing import Any

import pytest

from nvr.app.watch.rates import Rate, Rates
from nvr.base.units import US_PER_SECOND
from tests.nvr.app.watch.test_conditions import NOW, entry, kinds_of, observed, recorder


def state(frames: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- fields of a state
    return {"camera": "a", "state": "recording", "width": 1920, "height": 1080, "frames": frames, **more}


def looked(*looks: tuple[int, dict[str, Any]]) -> dict[str, Rate]:
    rates = Rates()
    for second, each in looks:
        rates.note([each], second * US_PER_SECOND)
    return rates.of_now()


def test_rate_is_known_after_five_minutes_and_not_before() -> None:
    assert looked((0, state(0)), (299, state(7475))) == {}
    assert looked((0, state(0)), (300, state(7500))) == {"a": Rate(1920, 1080, 25_000)}


def test_rate_is_of_the_last_ten_minutes() -> None:
    looks = [(second, state(25 * min(second, 600) + 5 * max(0, second - 600))) for second in range(0, 1201, 10)]
    assert looked(*looks)["a"].fps_milli == 5000


@pytest.mark.parametrize(
    "between",
    [
        state(0, state="waiting"),
        state(3),  # a worker that began anew
        state(5000, width=640),
    ],
)
def test_what_was_measured_begins_anew_with_recording_and_with_the_size(between: dict[str, Any]) -> None:
    assert looked((0, state(10)), (200, between), (310, state(5500)), (400, state(7000))) == {}


def test_answer_without_counters_measures_nothing() -> None:
    assert looked((0, {"camera": "a", "state": "recording"}), (400, state(7, width=0))) == {}


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Rate(1920, 1080, 25_000), []),
        (Rate(352, 288, 6_000), []),
        (Rate(288, 352, 5_960), []),
        (Rate(1920, 1080, 5_000), [("below-decree", "a")]),
        (Rate(320, 240, 25_000), [("below-decree", "a")]),
    ],
)
def test_recording_below_the_least_norm_of_the_decree_is_an_alarm(rate: Rate, expected: list[tuple[str, str]]) -> None:
    seen = observed(NOW, (entry("a"),), {0: recorder({"camera": "a", "state": "recording"})}, rates={"a": rate})
    assert kinds_of(seen) == expected
