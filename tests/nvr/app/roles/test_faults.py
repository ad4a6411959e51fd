"""A fault is told once, shown as it is now, and gone when it is over."""

import logging
from pathlib import Path

import pytest

from nvr.app.roles.faults import Faults
from nvr.base.errors import Retryable
from storage.faults import fault_json


def test_fault_is_shown_until_it_is_over() -> None:
    faults = Faults()
    faults.tell("state-not-written", "/state", "full")
    assert faults.shown() == [{"id": "state-not-written", "where": "/state", "what": "full", "why": fault_json("full")}]
    faults.over("state-not-written", "/state")
    assert faults.shown() == []


def test_what_has_a_text_is_shown_with_its_id_and_values() -> None:
    faults = Faults()
    faults.tell("footage-not-recovered", "/srv/a", Retryable("volume-lost", path=Path("/srv/a"), what="EIO"))
    (shown,) = faults.shown()
    assert shown["what"] == "volume-lost: path=/srv/a, what=EIO"
    assert shown["why"] == {"what": shown["what"], "id": "volume-lost", "fields": {"path": "/srv/a", "what": "EIO"}}


def test_fault_that_lasts_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    with caplog.at_level(logging.ERROR):
        for what in ("full", "full", "read-only"):
            faults.tell("state-not-written", "/state", what)
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["full", "read-only"]
