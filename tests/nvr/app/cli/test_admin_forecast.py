"""`nvr-admin retention forecast`: what a person sees, and the file for the council."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from nvr.app.capacity.measured import NothingMeasured
from nvr.app.cli import admin_forecast
from nvr.app.cli.person import Person
from nvr.base.errors import ConfigError, Refused
from tests.nvr.app.fixtures import write_config

DISK = {
    "volume": "/srv/a",
    "free_bytes": 4 << 30,
    "room_bytes": 310 * 10**9,
    "held_bytes": 0,
    "daily_bytes": 10**10,
    "due_bytes": 0,
    "pressure_utc_us": None,
    "full_utc_us": None,
}
ANSWERS: dict[str, Any] = {
    "retention.forecast": {
        "made_utc_us": 1_790_000_000_000_000,
        "minimum_at_risk_utc_us": None,
        "volumes": [DISK],
        "daily_bytes": {f"c{number}": 10**9 for number in range(10)},
    },
    "retention.show": [
        {"camera": f"c{number}", "days": 30, "camera_days": None, "minimum_days": None} for number in range(10)
    ],
}
PHASE = '[[phase]]\nname = "Gare"\nbegins = 2027-03-01\ncameras = 5\nstatus = "funded"\n'


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    given = dict(ANSWERS)
    monkeypatch.setattr(Person, "act", lambda _, name: given[name])
    return given


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    config, password = write_config(tmp_path), tmp_path / "password"
    password.write_text("not looked at here\n")

    def invoke(*words: str) -> str:
        person = ["--config", str(config), "--as", "somebody", "--password-file", str(password)]
        return CliRunner().invoke(admin_forecast.app, ["forecast", *person, *words], catch_exceptions=False).output

    return invoke


@pytest.mark.usefixtures("answers")
def test_without_more_cameras_it_is_a_row_a_disk(run: Callable[..., str]) -> None:
    assert "/srv/a" in run()
    assert json.loads(run("--json")) == ANSWERS["retention.forecast"]


@pytest.mark.usefixtures("answers")
def test_more_cameras_are_disks_days_and_euros_phase_by_phase(run: Callable[..., str], tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text("margin_percent = 0\n[disk]\nspare = 0\n" + PHASE)
    found = json.loads(run("--add", "35", "--prices", str(prices), "--json"))
    assert [(each["name"], each["cameras"], each["disks_to_buy"]) for each in found["stages"]] == [
        ("", 10, 0),
        ("+35", 45, 1),
        ("Gare", 50, 0),
    ]
    assert found["full_on"] == "2026-09-22"
    shown = run("--add", "35", "--prices", str(prices))
    assert "Gare" in shown
    assert "30" in shown


@pytest.mark.usefixtures("answers")
def test_pdf_is_written_once_and_never_over_another_file(run: Callable[..., str], tmp_path: Path) -> None:
    pdf = tmp_path / "council.pdf"
    assert str(pdf) in run("--pdf", str(pdf))
    assert len(PdfReader(pdf).pages) == 2
    with pytest.raises(Refused) as raised:
        run("--pdf", str(pdf))
    assert raised.value.message_id == "file-exists"


def test_wrong_price_is_told_before_a_password_is_asked_for(run: Callable[..., str], tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text("[disk]\neuro = 3\n")
    with pytest.raises(ConfigError) as raised:
        run("--prices", str(prices))
    assert raised.value.fields["key"] == "disk.euro"


def test_system_that_has_not_recorded_yet_says_so(run: Callable[..., str], answers: dict[str, Any]) -> None:
    answers["retention.forecast"] = None
    with pytest.raises(NothingMeasured):
        run("--add", "1")
