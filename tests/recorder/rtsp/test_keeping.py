import pytest

from recorder.rtsp.keeping import KeepAlive


@pytest.mark.parametrize(
    ("public", "methods"),
    [
        (["OPTIONS, DESCRIBE, GET_PARAMETER"], ["GET_PARAMETER", "OPTIONS", "GET_PARAMETER"]),
        (["options,set_parameter ,play"], ["SET_PARAMETER", "OPTIONS", "SET_PARAMETER"]),
        (["SET_PARAMETER", "GET_PARAMETER"], ["GET_PARAMETER", "SET_PARAMETER", "OPTIONS", "GET_PARAMETER"]),
        (["DESCRIBE, PLAY"], ["OPTIONS", "OPTIONS"]),
        ([], ["OPTIONS", "SET_PARAMETER", "GET_PARAMETER", "OPTIONS"]),
        ([""], ["OPTIONS", "SET_PARAMETER", "GET_PARAMETER", "OPTIONS"]),
    ],
)
def test_what_is_offered_is_tried_in_turn_as_it_is_refused(public: list[str], methods: list[str]) -> None:
    keep_alive = KeepAlive()
    keep_alive.offered(public)
    sent = [keep_alive.method]
    for _ in methods[1:]:
        keep_alive.refused()
        sent.append(keep_alive.method)
    assert sent == methods


def test_end_of_the_choices_is_told_so_that_nobody_asks_in_a_circle() -> None:
    keep_alive = KeepAlive()
    assert [keep_alive.refused() for _ in range(4)] == [True, True, False, True]


def test_choices_that_all_ended_sessions_before_are_exhausted() -> None:
    assert not KeepAlive().is_exhausted
    keep_alive = KeepAlive(frozenset({"OPTIONS"}))
    assert not keep_alive.is_exhausted
    keep_alive.offered(["DESCRIBE, PLAY"])
    assert keep_alive.is_exhausted


def test_what_ended_sessions_before_comes_last() -> None:
    keep_alive = KeepAlive(frozenset({"GET_PARAMETER", "OPTIONS"}))
    assert keep_alive.method == "SET_PARAMETER"
    keep_alive.offered(["GET_PARAMETER, OPTIONS, PLAY"])
    assert keep_alive.method == "GET_PARAMETER"
    keep_alive.offered(["GET_PARAMETER, SET_PARAMETER"])
    assert keep_alive.method == "SET_PARAMETER"
