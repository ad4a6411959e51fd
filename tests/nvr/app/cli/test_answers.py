"""What a person sees of an answer is whole, whatever the width of the screen; a machine gets it as it is."""

import json
from zoneinfo import ZoneInfo

import pytest

from nvr.app.cli.answers import write_answer

ZONE = ZoneInfo("Europe/Paris")
NIGHT_UTC_US = 1_793_060_000_000_000
ROW = {
    "requisition": "R-2026-000001",
    "state": "received",
    "cameras": ["cam1", "cam2"],
    "from_utc_us": NIGHT_UTC_US,
    "hold_until_day_utc_us": NIGHT_UTC_US,
    "hold_ended": False,
    "document": None,
}


def shown(value: object, capsys: pytest.CaptureFixture[str]) -> str:
    write_answer(value, as_json=False, zone=ZONE)
    return capsys.readouterr().out


def test_object_is_a_line_for_each_value_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown({**ROW, "grant": {"grant": "g1", "opener": "j.martin"}}, capsys).splitlines()
    assert lines == [
        "requisition: R-2026-000001",
        "state: received",
        "cameras: cam1, cam2",
        "from: 2026-10-27 01:13:20+01:00",
        "hold until: 2026-10-27",
        "hold ended: no",
        "document: -",
        "grant:",
        "  grant: g1",
        "  opener: j.martin",
    ]


def test_list_that_fits_is_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    head, first = shown([ROW], capsys).splitlines()
    assert head.split()[:3] == ["requisition", "state", "cameras"]
    assert "2026-10-27 01:13:20+01:00" in first
    assert "document" not in head  # no row has one


def test_list_that_does_not_fit_hides_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    written = shown([ROW, {**ROW, "requisition": "R-2026-000002"}], capsys)
    assert "…" not in written
    assert written.count("from: 2026-10-27 01:13:20+01:00") == 2
    assert "requisition: R-2026-000002" in written


def test_machine_gets_the_answer_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer([ROW], as_json=True, zone=ZONE)
    assert json.loads(capsys.readouterr().out) == [ROW]


def test_list_without_anything_says_so_to_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown([], capsys) == "There are none.\n"
    write_answer([], as_json=True, zone=ZONE)
    assert capsys.readouterr().out == "[]\n"
