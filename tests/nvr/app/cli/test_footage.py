"""`footage` is one command of two programs; what it shows of a real answer hides nothing that matters."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from typer.testing import CliRunner

from nvr.app.cli import admin, export
from nvr.app.cli.person import Person
from nvr.base.errors import InvalidValue
from tests.nvr.app.fixtures import write_config

BEGIN, END = 1_792_933_500_000_000, 1_792_934_400_000_000  # 25 October 2026, 14:05 and 14:20 in Paris
SPAN: Final = ["--from", "2026-10-25 14:05", "--to", "2026-10-25 14:20"]
PLACEMENT: Final[dict[str, Any]] = {
    "point": "p12",
    "number": "12",
    "address": "1 place de la Mairie",
    "district": None,
    "view": "vers le parvis",
    "matched": ["rue de l'Église"],
    "from_utc_us": BEGIN,
    "to_utc_us": None,
    "entered_late": True,
}
CAMERA: Final[dict[str, Any]] = {
    "camera": "mairie-1",
    "kind": "dome",
    "placements": [PLACEMENT],
    "looked": {
        "positions": "sealed",
        "expected": ["parvis"],
        "moves": [{"from_utc_us": BEGIN, "to_utc_us": None, "why": "left", "moves": 1}],
    },
    "coverage": {
        "totals_us": {"recorded": 600_000_000, "gap": 300_000_000},
        "recorded_permille": 666,
        "parts": [
            {"fate": "recorded", "from_utc_us": BEGIN, "to_utc_us": END - 1, "cause": None, "since_utc_us": None},
            {"fate": "gap", "from_utc_us": END - 1, "to_utc_us": END, "cause": "silent", "since_utc_us": None},
        ],
        "parts_in_all": 2,
    },
    "countdown": None,
}
ANSWER: Final[dict[str, Any]] = {
    "place": "rue de l'église",
    "cameras": [CAMERA],
    "suggestions": [],
    "elsewhen": [],
    "overlaps": [],
    "overlaps_in_all": 0,
}
OVERLAP: Final[dict[str, Any]] = {
    "requisition": "R-2026-000001",
    "hold": "0199",
    "state": "received",
    "cameras": ["mairie-1"],
    "from_utc_us": BEGIN,
    "to_utc_us": END,
    "keeps": True,
}
Run = Callable[[typer.Typer, list[str]], str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config, password = write_config(tmp_path), tmp_path / "password"
    password.write_text("not looked at here\n")

    def invoke(app: typer.Typer, words: list[str]) -> str:
        signed_in = ["--config", str(config), "--as", "somebody", "--password-file", str(password), *words]
        return CliRunner().invoke(app, signed_in, catch_exceptions=False).output

    return invoke


@pytest.mark.parametrize("app", [admin.app, export.app], ids=["nvr-admin", "nvr-export"])
def test_both_programs_ask_for_the_same(run: Run, monkeypatch: pytest.MonkeyPatch, app: typer.Typer) -> None:
    asked: list[tuple[str, dict[str, object]]] = []

    def act(_: Person, name: str, **args: object) -> dict[str, Any]:
        asked.append((name, args))
        return ANSWER

    monkeypatch.setattr(Person, "act", act)
    assert json.loads(run(app, ["footage", "--place", "rue de l'église", *SPAN, "--json"])) == ANSWER
    scope = {"cameras": None, "place": "rue de l'église", "from_utc_us": BEGIN, "to_utc_us": END}
    assert asked == [("footage.at", scope)]


def test_person_sees_where_it_stood_what_there_is_and_what_not(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = shown(run, monkeypatch)
    for part in (
        "mairie-1",
        "point 12, 1 place de la Mairie, vers le parvis, from 2026-10-25 14:05:00+01:00 to -",
        "rue de l'Église",
        "placement entered later",
        "sealed with the pictures ; expected presets: parvis",
        "elsewhere than expected from 2026-10-25 14:05:00+01:00 to - (1 move)",
        "66.6 % (10.0 min)",
        "2026-10-25 14:20:00+01:00: gap (silent)",
    ):
        assert part in told


def test_person_sees_that_many_stretches_are_left_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    gap = CAMERA["coverage"]["parts"][1]
    coverage = {**CAMERA["coverage"], "parts": [gap] * 10, "parts_in_all": 300}
    told = shown(run, monkeypatch, cameras=[{**CAMERA, "coverage": coverage}])
    assert (told.count("gap (silent)"), "and 294 more stretches" in told) == (6, True)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"cameras": []}, "No camera covered this place"),
        ({"cameras": [{**CAMERA, "coverage": None}]}, "the index can not be read"),
        ({"cameras": [{**CAMERA, "placements": []}]}, "no camera there"),
        (
            {"overlaps": [OVERLAP], "overlaps_in_all": 3},
            "Requisition R-2026-000001 (received) asks for mairie-1 already",
        ),
        ({"overlaps": [OVERLAP], "overlaps_in_all": 3}, "and 2 older requests"),
        ({"overlaps": [{**OVERLAP, "requisition": None}]}, "Hold 0199 keeps mairie-1 already"),
        ({"overlaps": [{**OVERLAP, "requisition": None, "hold": None, "state": None}]}, "Somebody has mairie-1 held"),
        ({"overlaps": [{**OVERLAP, "keeps": False}]}, "it keeps nothing any more"),
        (
            {"suggestions": [{"text": "rue de l'Église", "likeness_percent": 94}]},
            "Names that are like it: rue de l'Église (94 %)",
        ),
        (
            {"elsewhen": [{"camera": "n1", "number": "7", "when": "now", "from_utc_us": BEGIN, "to_utc_us": None}]},
            "Camera n1 stands at point 7 now",
        ),
    ],
)
def test_person_is_told_in_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], part: str
) -> None:
    assert part in shown(run, monkeypatch, **changes)
    assert part not in shown(run, monkeypatch)


def test_who_places_a_hold_is_told_of_the_requests_that_overlap_and_of_a_duplicate(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"hold": "0200", "provisional": False, "hold_provisional": False, "overlaps": [OVERLAP]}
    monkeypatch.setattr(Person, "act", lambda *_, **__: {**answer, "duplicate_of": "R-2026-000001"})
    for app, words in ((admin.app, ["hold", "place"]), (export.app, ["requisition", "new"])):
        told = run(app, [*words, "--camera", "mairie-1", *SPAN, "--asked-by", "OPJ"])
        assert "DUPLICATE: requisition R-2026-000001" in told
        assert "Requisition R-2026-000001 (received) asks for mairie-1 already" in told
        assert "overlaps" not in told


@pytest.mark.parametrize("words", [["--place", "x"], ["--camera", "c1"]])
def test_local_time_that_comes_twice_is_refused_with_both_instants_and_taken_with_an_offset(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    asked: list[Any] = []

    def act(_: Person, __: str, **args: object) -> dict[str, Any]:
        asked.append(args["from_utc_us"])
        return ANSWER

    monkeypatch.setattr(Person, "act", act)
    with pytest.raises(InvalidValue, match=r"02:30\+02:00 or 2026-10-25 02:30\+01:00"):
        run(export.app, ["footage", *words, "--from", "2026-10-25 02:30", "--to", "2026-10-25 04:00"])
    for offset in ("+02:00", "+01:00"):
        run(export.app, ["footage", *words, "--from", f"2026-10-25 02:30{offset}", "--to", "2026-10-25 04:00"])
    assert asked[1] - asked[0] == 3_600_000_000


def test_neither_place_nor_camera_is_refused(run: Run) -> None:
    with pytest.raises(InvalidValue, match="--place"):
        run(export.app, ["footage", *SPAN])


def shown(run: Run, monkeypatch: pytest.MonkeyPatch, **changes: object) -> str:
    monkeypatch.setattr(Person, "act", lambda *_, **__: {**ANSWER, **changes})
    monkeypatch.setenv("COLUMNS", "60")
    return run(export.app, ["footage", "--place", "rue de l'église", *SPAN])
