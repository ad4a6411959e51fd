from collections.abc import Callable

import pytest

from access.arguments import HIDDEN, LATEST_UTC_US, Arguments
from nvr.base.errors import InvalidValue


@pytest.mark.parametrize(
    ("take", "value"),
    [
        ("text", None),
        ("text", "  "),
        ("text", 3),
        ("text", "a" * 1001),
        ("text", "\ud800"),
        ("secret", ""),
        ("secret", "\ud800"),
        ("secret", ["p"]),
        ("integer", None),
        ("integer", True),
        ("integer", 1.0),
        ("integer", -1),
        ("integer", 2**53),
        ("optional_names", "a"),
        ("optional_names", [1]),
        ("optional_names", ["\ud800"]),
        ("optional_names", ["a"] * 1001),
        ("optional_integers", [-1]),
        ("optional_integers", [True]),
        ("optional_integers", "1"),
        ("optional_object", "{}"),
        ("done", "x"),
    ],
)
def test_wrong_value_is_named(take: str, value: object) -> None:
    args = Arguments({"x": value})
    method: Callable[..., object] = getattr(args, take)
    with pytest.raises(InvalidValue) as refusal:
        method(*([] if take == "done" else ["x"]), **({"least": 0} if take == "integer" else {}))
    assert refusal.value.field == "x"


@pytest.mark.parametrize("take", ["secret", "optional_secret"])
def test_secret_is_in_no_refusal(take: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        getattr(Arguments({"password": "p" * 1001}), take)("password")
    assert refusal.value.fields["value"] == HIDDEN
    assert "ppp" not in str(refusal.value)


def test_interval_leaves_room_for_the_deadlines_that_follow_from_it() -> None:
    for field in ("from_utc_us", "to_utc_us"):
        with pytest.raises(InvalidValue) as refusal:
            Arguments({"from_utc_us": 0, "to_utc_us": 1, field: LATEST_UTC_US + 1}).interval()
        assert refusal.value.field == field


def test_argument_that_nobody_knows_is_refused_without_its_value() -> None:
    with pytest.raises(InvalidValue) as refusal:
        Arguments({"pasword": "correct horse"}).done()
    assert "horse" not in str(refusal.value)


def test_values_are_taken_once_and_white_space_is_taken_off() -> None:
    args = Arguments({"a": " x ", "b": ["q", "q", "r"], "c": 7, "d": None, "e": {"k": 1}, "f": [3], "g": ""})
    assert (args.text("a"), args.optional_names("b"), args.integer("c", least=7, most=7)) == ("x", ("q", "r"), 7)
    assert (args.optional_text("d"), args.optional_object("e"), args.optional_integers("f")) == (None, {"k": 1}, (3,))
    assert args.optional_secret("g") is None
    args.done()
