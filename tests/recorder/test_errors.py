import pytest

from nvr.base.errors import Retryable, RunEnded
from recorder.errors import CameraUnreachable, Cause, TimelineBroken, garbage


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_an_id_that_texts_and_gaps_can_hold(cause: Cause) -> None:
    assert cause.value == cause.name.lower().replace("_", "-")
    error = CameraUnreachable(cause, status=5)
    assert isinstance(error, Retryable)
    assert str(error) == f"camera-unreachable: cause={cause.value}, status=5"


def test_broken_timeline_ends_a_run() -> None:
    error = TimelineBroken("jump", step_90k=1)
    assert isinstance(error, RunEnded)
    assert (error.reason, error.fields["step_90k"]) == ("jump", 1)


def test_garbage_names_the_place() -> None:
    assert garbage("sdp").fields == {"cause": "garbage", "what": "sdp"}
