"""What counts as wrong, and for how long footage is kept."""

import json
from dataclasses import replace

import pytest

from access.http.view import CameraState, LedgerView, StatusView
from nvr.base.units import UtcUs
from tests.access.http.views import LEDGER, NOW, WELL, WRONG, camera, volume


def test_town_is_well_while_every_part_is() -> None:
    assert not WELL.wrong
    assert WRONG.wrong


@pytest.mark.parametrize(
    "view",
    [
        replace(WELL, cameras=[camera("a", CameraState.CONNECTING)]),
        replace(WELL, volumes=[volume("a", low=True)]),
        replace(WELL, volumes=[volume("a", in_service=False)]),
        replace(WELL, ledger=replace(LEDGER, answers=False)),
        replace(WELL, ledger=replace(LEDGER, checkpoint_size=None)),
        replace(WELL, alarms=WRONG.alarms),
    ],
    ids=["camera", "low", "out of service", "silent", "unsigned", "alarm"],
)
def test_one_part_that_fails_makes_it_wrong(view: StatusView) -> None:
    assert view.wrong


def test_ledger_without_entries_needs_no_checkpoint() -> None:
    assert not LedgerView(answers=True, size=0, checkpoint_size=None, checkpoint_utc_us=None).wrong


def test_days_kept_are_whole_and_never_negative() -> None:
    assert WELL.held_days(volume("a")) == 14
    assert WELL.held_days(replace(volume("a"), oldest_utc_us=None)) is None
    assert WELL.held_days(replace(volume("a"), oldest_utc_us=UtcUs(NOW + 1))) == 0


def test_view_is_json() -> None:
    told = json.loads(json.dumps(WRONG.to_json()))
    assert (told["v"], told["wrong"], len(told["cameras"])) == (1, True, 13)
    assert told["cameras"][-1]["state"] == "unknown"
