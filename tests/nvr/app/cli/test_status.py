"""The exit code of `nvr status`: what a monitoring asks."""

from typing import Any

import pytest

from nvr.app.cli.nvr_run import any_alarm
from nvr.app.cli.tables import status_of


def alarm(severity: str, kind: str = "camera-silent") -> dict[str, Any]:
    return {"id": kind, "subject": "a", "severity": severity, "since_utc_us": 1, "detail": None, "until_utc_us": None}


@pytest.mark.parametrize(
    ("severities", "is_alarm"), [([], False), (["notice"], False), (["notice", "warning"], True), (["critical"], True)]
)
def test_anything_worse_than_a_notice_is_an_alarm(severities: list[str], *, is_alarm: bool) -> None:
    assert any_alarm({"watch": {"alarms": [alarm(each) for each in severities]}}) is is_alarm


def test_watch_that_does_not_answer_tells_no_alarm_of_its_own() -> None:
    assert not any_alarm({"watch": None})


def test_screen_names_alarms_failing_channels_and_the_want_of_any() -> None:
    channel = {"channel": "mail", "cause": "login"}
    lines = status_of("watch", {"looked_utc_us": 5, "alarms": [alarm("warning")], "channels": [channel]})
    assert lines == {"looked_utc_us": 5, "Camera not recorded, a": "WARNING", "mail": "user or password refused"}
    assert status_of("watch", {})["alarm"] == "No channel of alarms is configured."
