import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.health.looks import LENGTH, MOST_ANSWER, NO_PICTURE, PROFILE_BYTES, Look, NotALook, look_of, task_of
from tests.recorder.health.tasks import PROFILE, task

LOOK = Look(120, 200, 10, 400, 600, PROFILE, (900, -3), 12)
COMPARED = task(recent=[PROFILE], references=[PROFILE, PROFILE])


def told(look: Look) -> dict[str, Any]:
    return json.loads(look.encode()[LENGTH.size :])  # type: ignore[no-any-return]


def test_task_and_look_come_out_as_they_went_in() -> None:
    coded = COMPARED.encode()
    (size,) = LENGTH.unpack(coded[: LENGTH.size])
    head = json.loads(coded[LENGTH.size : LENGTH.size + size])
    assert task_of(head, coded[LENGTH.size + size :]) == COMPARED
    answer = LOOK.encode()
    assert LENGTH.unpack(answer[: LENGTH.size])[0] == len(answer) - LENGTH.size <= MOST_ANSWER
    assert look_of(answer[LENGTH.size :], COMPARED) == LOOK
    assert look_of(NO_PICTURE[LENGTH.size :], COMPARED) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("luma", 256),
        ("luma", -1),
        ("luma", 1.5),
        ("luma", True),
        ("luma", "12"),
        ("bright", None),
        ("detail", 1001),
        ("matches", [900]),
        ("matches", [900, 1001]),
        ("matches", None),
        ("change", None),
        ("profile", "AAAA"),
        ("profile", "?" * 8),
        ("profile", 7),
    ],
)
def test_value_that_a_broken_process_may_send_is_refused(field: str, value: object) -> None:
    with pytest.raises(NotALook):
        look_of(json.dumps(told(LOOK) | {field: value}).encode(), COMPARED)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_look_or_refused(text: bytes) -> None:
    try:
        look = look_of(text, COMPARED)
    except NotALook:
        return
    assert look is None


def test_deeply_nested_answer_is_refused() -> None:
    with pytest.raises(NotALook):
        look_of(b"[" * MOST_ANSWER, COMPARED)


def test_nothing_of_an_answer_is_kept_but_numbers_and_the_profile() -> None:
    extra = told(LOOK) | {"picture": "x" * 1000}
    assert look_of(json.dumps(extra).encode(), COMPARED) == LOOK
    assert len(LOOK.profile) == PROFILE_BYTES == 500
