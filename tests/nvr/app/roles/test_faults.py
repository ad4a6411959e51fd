"""A fault is told once, shown as it is now, and gone when it is over."""

import logging

import pytest

from nvr.app.roles.faults import Faults


def test_fault_is_shown_until_it_is_over() -> None:
    faults = Faults()
    faults.tell("state-not-written", "/state", "full")
    assert faults.shown() == [{"id": "state-not-written", "where": "/state", "what": "full"}]
    faults.over("state-not-written", "/state")
    assert faults.shown() == []


def test_fault_that_lasts_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    with caplog.at_level(logging.ERROR):
        for what in ("full", "full", "read-only"):
            faults.tell("state-not-written", "/state", what)
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["full", "read-only"]
