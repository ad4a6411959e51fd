"""`nvr-admin authorisation`, `retention set`: what a change would destroy is shown before anybody is asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nvr.app.cli import admin
from nvr.app.cli.person import Person
from tests.nvr.app.fixtures import write_config

GOING = {
    "camera": "gare-1",
    "days_before": 30,
    "days": 3,
    "segments": 7000,
    "file_bytes": 5 << 30,
    "from_utc_us": 1_790_000_000_000_000,
    "to_utc_us": 1_791_000_000_000_000,
}
ADD = ["authorisation", "add", "2026-9", "--from", "2026-01-01", "--to", "2031-01-01", "--retention-days", "3"]
OWN = ["retention", "set", "gare-1", "--days", "3"]
EDIT = ["authorisation", "edit", "2026-9", "--retention-days", "3", "--reason", "faute de frappe"]


class Town:
    """Access, as far as orders go."""

    def __init__(self, effects: list[dict[str, Any]]) -> None:
        self.effects = effects
        self.entered: list[dict[str, object]] = []

    def act(self, name: str, **args: object) -> dict[str, Any]:
        if name == "authorisation.list":
            order = {
                "number": "2026-9",
                "state": "in force",
                "from_utc_us": 1_790_000_000_000_000,
                "to_utc_us": None,
                "retention_days": 30,
                "minimum_days": None,
                "cameras": None,
                "decides_for": ["gare-1", "gare-2"],
                "to_come": ["quai-1"],
            }
            decision = {
                "decided_by": "root",
                "decided_utc_us": 1_790_000_000_000_000,
                "until_utc_us": 1_791_000_000_000_000,
                "reason": "arrêté en cours",
                "cameras": ["parc-1"],
            }
            return {"authorisations": [order], "decisions": [decision], "without": ["parc-1"]}
        if args.get("dry_run"):
            return {"effects": self.effects}
        self.entered.append({"act": name, **args})
        return {"number": "2026-9"}


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Result, Town]]:
    config, password = write_config(tmp_path), tmp_path / "password"
    password.write_text("not looked at here\n")

    def run(words: list[str], effects: list[dict[str, Any]], answer: str = "") -> tuple[Result, Town]:
        town = Town(effects)
        monkeypatch.setattr(Person, "act", lambda _, name, **args: town.act(name, **args))
        person = ["--config", str(config), "--as", "somebody", "--password-file", str(password)]
        return CliRunner().invoke(admin.app, [*person, *words], input=answer, catch_exceptions=False), town

    return run


@pytest.mark.parametrize("words", [ADD, EDIT, OWN])
def test_change_that_would_destroy_is_shown_and_entered_only_after_a_yes(
    play: Callable[..., tuple[Result, Town]], words: list[str]
) -> None:
    refused, town = play(words, [GOING], "n\n")
    assert (refused.exit_code, town.entered) == (1, [])
    assert "gare-1" in refused.output
    assert "7000" in refused.output
    done, town = play(words, [GOING], "y\n")
    assert (done.exit_code, [one["accept_destruction"] for one in town.entered]) == (0, [True])


def test_script_says_yes_beforehand(play: Callable[..., tuple[Result, Town]]) -> None:
    done, town = play([*ADD, "--yes", "--json"], [GOING])
    assert json.loads(done.output) == {"number": "2026-9"}
    assert [one["accept_destruction"] for one in town.entered] == [True]


def test_order_that_destroys_nothing_is_entered_without_a_question(play: Callable[..., tuple[Result, Town]]) -> None:
    done, town = play(ADD, [{**GOING, "segments": 0}])
    assert (done.exit_code, [one["accept_destruction"] for one in town.entered]) == (0, [None])


@pytest.mark.parametrize("effects", [[GOING], []])
def test_dry_run_enters_nothing_and_says_so(
    play: Callable[..., tuple[Result, Town]], effects: list[dict[str, Any]]
) -> None:
    done, town = play([*EDIT, "--dry-run"], effects)
    assert (done.exit_code, town.entered) == (0, [])
    assert done.output
    told, _ = play([*EDIT, "--dry-run", "--json"], effects)
    assert json.loads(told.output) == {"effects": effects}


def test_decision_on_cameras_that_are_there_is_sent_with_its_reason_and_its_end(
    play: Callable[..., tuple[Result, Town]],
) -> None:
    words = ["authorisation", "without-order", "parc-1", "parc-2", "--reason", "promis", "--until", "2026-05-31"]
    done, town = play(words, [])
    (sent,) = town.entered
    assert (done.exit_code, sent["act"], sent["cameras"]) == (0, "authorisation.without_order", ["parc-1", "parc-2"])
    assert (sent["without_order"], sent["until_utc_us"]) == ("promis", 1_780_178_400_000_000)


@pytest.mark.parametrize("lacking", ["--reason", "--until"])
def test_decision_without_reason_or_end_is_not_sent(play: Callable[..., tuple[Result, Town]], lacking: str) -> None:
    given = {"--reason": "promis", "--until": "2026-05-31"}
    options = [word for option, value in given.items() if option != lacking for word in (option, value)]
    refused, town = play(["authorisation", "without-order", "parc-1", *options], [])
    assert (refused.exit_code, town.entered) == (2, [])


def test_list_names_the_cameras_that_no_order_covers(play: Callable[..., tuple[Result, Town]]) -> None:
    shown, _ = play(["authorisation", "list"], [])
    assert "parc-1" in shown.output
    assert "2026-9" in shown.output


def test_list_shows_decisions_in_place_of_an_order_and_what_an_order_names_before_it_is_there(
    play: Callable[..., tuple[Result, Town]],
) -> None:
    shown, _ = play(["authorisation", "list"], [])
    assert "2026-9 names cameras that are still to come: quai-1." in shown.output
    for word in ("Decided in place of an order:", "root", "arrêté en cours"):
        assert word in shown.output
