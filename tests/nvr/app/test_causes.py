"""Each cause that keeps a camera from being recorded is told in words, and what to do with it."""

import pytest

from access.http.texts import STATUS, cause_text
from nvr.app.cli.answers import write_remedies
from nvr.app.cli.tables import causes_of
from nvr.base.catalogue import Language
from recorder.errors import Cause
from recorder.health.states import Fault
from tests.texts import catalogue

ROW = {"camera": "north", "state": {"state": "waiting", "cause": "busy"}}
STATE = {"camera": "south", "state": "waiting", "cause": "busy"}


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_cause_says_what_to_do(language: Language, cause: Cause) -> None:
    message = catalogue(language)[f"cause-{cause.value}"]
    assert message.what
    assert message.todo
    assert cause_text(cause.value, language) != cause.value


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_fault_of_a_picture_says_what_to_do(language: Language, fault: Fault) -> None:
    message = catalogue(language)[f"cause-picture-{fault.value}"]
    assert message.what
    assert message.means
    assert message.todo
    assert STATUS.has(language, f"picture-{fault.value}")


def test_camera_that_records_and_shows_nothing_useful_stands_among_the_causes() -> None:
    covered = {"camera": "pier", "state": "recording", "cause": None, "health": {"faults": ["covered", "moved"]}}
    assert causes_of([covered]) == {"picture-covered": ["pier"], "picture-moved": ["pier"]}


def test_cameras_of_one_cause_stand_together_and_those_that_record_do_not() -> None:
    recording = {"camera": "east", "state": "recording", "cause": None}
    retired = {"camera": "west", "retired": True, "state": {"state": "idle", "cause": "busy"}}
    assert causes_of([ROW, STATE, recording, retired, {"camera": "new"}]) == {"busy": ["north", "south"]}


def test_remedy_stands_below_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    write_remedies([ROW, STATE])
    told = capsys.readouterr().out
    assert told.startswith("\nnorth, south:\n")
    assert catalogue("en")["cause-busy"].todo in told or catalogue("fr")["cause-busy"].todo in told
