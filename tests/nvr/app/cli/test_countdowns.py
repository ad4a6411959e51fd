"""A countdown is told in words of both languages, and never rounded up."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nvr.app.cli.answers import write_answer
from nvr.app.cli.countdowns import countdown_words
from nvr.base.catalogue import Language

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = 1_795_647_600_000_000  # 26 November 2026, 00:00 in Paris
HOUR_US = 3_600_000_000
COUNTING: dict[str, Any] = {
    "state": "counting",
    "destroyed_utc_us": MIDNIGHT,
    "remaining_us": 52 * HOUR_US + 59 * 60_000_000,
    "camera": "cam-1",
    "held": "none",
    "held_until_utc_us": None,
    "early_utc_us": None,
    "to_come": False,
}


def said(language: Language, **changes: object) -> str:
    return countdown_words({**COUNTING, **changes}, PARIS, language)


def test_instant_and_what_remains_are_told_in_both_languages() -> None:
    assert said("fr") == "détruit dans 2 jours 4 h, le 26/11/2026 à 00:00 (heure locale, UTC+01:00) (cam-1)"
    assert said("en") == "destroyed in 2 days 4 h, on 2026-11-26 at 00:00 (local time, UTC+01:00) (cam-1)"


@pytest.mark.parametrize(
    ("remaining_us", "fr", "en"),
    [
        (48 * HOUR_US - 1, "1 jour 23 h", "1 day 23 h"),
        (24 * HOUR_US - 1, "23 h 59 min", "23 h 59 min"),
        (HOUR_US - 1, "59 min", "59 min"),
        (60_000_000 - 1, "moins d'une minute", "less than a minute"),
    ],
)
def test_what_remains_is_cut_and_not_rounded(remaining_us: int, fr: str, en: str) -> None:
    assert f"dans {fr}, le" in said("fr", remaining_us=remaining_us)
    assert f"in {en}, on" in said("en", remaining_us=remaining_us)


def test_both_half_past_two_of_the_october_night_are_told_apart() -> None:
    first, second = 1_792_888_200_000_000, 1_792_891_800_000_000
    assert "à 02:30 (heure locale, UTC+02:00)" in said("fr", destroyed_utc_us=first)
    assert "à 02:30 (heure locale, UTC+01:00)" in said("fr", destroyed_utc_us=second)


GONE = {"destroyed_utc_us": None, "remaining_us": None, "camera": None}


@pytest.mark.parametrize(
    ("changes", "fr", "en"),
    [
        ({"state": "over", **GONE}, "échu :", "past its time:"),
        ({"state": "held", "held": "whole", **GONE}, "sous conservation, jusqu'à", "held, until a person"),
        ({"state": "held", "held": "part", **GONE}, "ce qui n'est pas échu est", "what is not past its time is held"),
        ({"state": "partly over"}, "en partie échu ; la suite", "partly past its time ; the next"),
        ({"held": "part"}, " ; une partie est sous conservation", " ; a part is held"),
        ({"held": "whole", "held_until_utc_us": MIDNIGHT}, " ; sous conservation jusque-là", " ; held until then"),
        ({"to_come": True}, "encore à enregistrer ; détruit dans", "still to be recorded ; destroyed in"),
        ({"early_utc_us": MIDNIGHT - HOUR_US}, "détruit au plus tard dans", "destroyed at the latest in"),
        (
            {"early_utc_us": MIDNIGHT - HOUR_US},
            "peut-être dès le 25/11/2026 à 23:00",
            "perhaps from 2026-11-25 at 23:00",
        ),
    ],
)
def test_every_state_has_its_words(changes: dict[str, object], fr: str, en: str) -> None:
    assert fr in said("fr", **changes)
    assert en in said("en", **changes)


def test_hold_that_ends_before_the_deadline_is_not_said_to_keep_anything_longer() -> None:
    assert said("fr", held="whole") == said("fr")
    assert "longtemps" not in said("fr", held="part")
    assert "longer" not in said("en", held="part")


def test_answer_shows_the_words_and_not_the_object(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer({"hold": "0199", "countdown": COUNTING}, as_json=False, zone=PARIS)
    write_answer([{"hold": "0199", "countdown": COUNTING}, {"countdown": None}], as_json=False, zone=PARIS)
    told = capsys.readouterr().out
    assert told.count("destroyed in 2 days 4 h") == 2
    assert "remaining_us" not in told
