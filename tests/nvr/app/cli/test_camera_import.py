"""The list of cameras on the command line: every fault at once, in words, and no password anywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nvr.app.cli import camera_import
from nvr.app.cli.person import Person
from nvr.app.fleet_file.columns import HEADINGS
from nvr.app.fleet_file.rows import fleet_list
from nvr.app.fleet_file.table import read_table
from tests.nvr.app.fixtures import write_config
from tests.texts import catalogue

GOOD = {"added": ["a"], "points": [], "unchanged": [], "differing": [], "faults": [], "uncovered": [], "done": True}
LIST = """\
Caméra;Marque;Adresse IP;Utilisateur;Mot de passe;Point;Jours
mairie-1;axis;10.0.0.7;viewer;s3cret-of-camera;p12;
Mairie 2;axis;10.0.0.8;viewer;s3cret-of-camera;p12;99
gare-1;nikon;10.0.0;viewer;s3cret-of-camera;p13;x
"""


class Ran:
    """What access was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = GOOD


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> Ran:
    ran = Ran()

    def act(_: Person, name: str, **args: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
        assert name == "camera.import"
        ran.asked.append(args)
        return ran.answer

    monkeypatch.setattr(Person, "act", act)
    return ran


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    config, password = write_config(tmp_path), tmp_path / "password"
    password.write_text("of-the-administrator\n")

    def invoke(text: str, *words: str) -> tuple[int, str]:
        file = tmp_path / "cameras.csv"
        file.write_text(text)
        signed_in = ["--config", str(config), "--as", "root", "--password-file", str(password)]
        done = CliRunner().invoke(camera_import.app, ["import", str(file), *signed_in, *words])
        return done.exit_code, done.output

    return invoke


def test_all_faults_of_file_and_register_are_told_by_row_and_column(
    access: Ran, run: Callable[..., tuple[int, str]]
) -> None:
    faults = [{"row": 3, "field": "camera", "value": "Mairie 2", "why": "value", "expected": ""}]
    faults.append({"row": 3, "field": "retention_days", "value": "99", "why": "value", "expected": ""})
    # Row 4 has no URL since its make is not known: that is told once.
    faults.append({"row": 4, "field": "url", "value": "(hidden)", "why": "value", "expected": ""})
    faults.append({"row": 4, "field": "point", "value": "p13", "why": "unknown-point", "expected": ""})
    access.answer = {**GOOD, "faults": faults, "done": False}
    days = "1 to 31 days; empty for those of the order"
    make = "a known make, with the IP address: see camera add --help; empty: the camera is asked (ONVIF)"
    host = "an IP address or a host name; without a make also HOST:PORT, of ONVIF"
    point = "Point 'p13': the register has no such point; give its number and address in the row, or point add"
    code, output = run(LIST)
    assert code == 1
    assert output.splitlines() == [
        f"row 3: Caméra 'Mairie 2': 1 to 63 of a-z 0-9 _ . -; for example mairie-1; Jours '99': {days}",
        f"row 4: Jours 'x': {days}; Marque 'nikon': {make}; Adresse IP '10.0.0': {host}; {point}",
        "Nothing was entered: 2 rows to correct.",
    ]
    (asked,) = access.asked
    assert asked["dry_run"] is True
    assert [row["row"] for row in asked["cameras"]] == [2, 3, 4]
    assert "s3cret" not in output


def test_good_list_is_entered_and_counted(access: Ran, run: Callable[..., tuple[int, str]]) -> None:
    code, output = run("camera,url\na,rtsp://h/\n")
    assert (code, output) == (0, "Added: 1 cameras and 0 points; unchanged: 0; different: 0.\n")
    assert access.asked == [{"cameras": [{"row": 2, "camera": "a", "url": "rtsp://h/"}], "dry_run": False}]


def test_dry_run_says_what_would_be(access: Ran, run: Callable[..., tuple[int, str]]) -> None:
    access.answer = {**GOOD, "done": False}
    code, output = run("camera,url\na,rtsp://h/\n", "--dry-run")
    assert (code, output) == (0, "Would be added: 1 cameras and 0 points; unchanged: 0; different: 0.\n")
    assert access.asked[0]["dry_run"] is True


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_list_that_no_order_covers_is_refused_once_for_all_of_it(
    access: Ran, run: Callable[..., tuple[int, str]], dry_run: list[str]
) -> None:
    access.answer = {**GOOD, "added": ["a", "b"], "uncovered": ["a", "b"], "done": False}
    code, output = run("camera,url\na,rtsp://h/\nb,rtsp://h/\n", *dry_run)
    assert code == 1
    refused, means, todo = output.splitlines()
    assert refused.startswith("Refused: no order of the prefect covers 2 cameras of the list (a, b)")
    assert "L252-1" in means
    assert "--without-order REASON --until DAY" in todo


def test_one_decision_is_for_the_whole_list(access: Ran, run: Callable[..., tuple[int, str]]) -> None:
    access.answer = {**GOOD, "added": ["a", "b"], "uncovered": ["a", "b"]}
    decided = ["--without-order", "arrêté en cours", "--until", "2027-01-31T00:00Z"]
    code, output = run("camera,url\na,rtsp://h/\nb,rtsp://h/\n", *decided)
    assert code == 0
    assert output.splitlines()[0] == "Without an order, by your decision: 2 cameras (a, b)."
    (asked,) = access.asked
    assert (asked["without_order"], asked["until_utc_us"]) == ("arrêté en cours", 1_801_353_600_000_000)


@pytest.mark.parametrize("alone", [["--without-order", "x"], ["--until", "2027-01-31"]])
def test_decision_needs_its_reason_and_its_end(
    access: Ran, run: Callable[..., tuple[int, str]], alone: list[str]
) -> None:
    assert run("camera,url\na,rtsp://h/\n", *alone)[0] != 0
    assert access.asked == []


def test_camera_that_differs_is_named_and_the_exit_code_says_so(
    access: Ran, run: Callable[..., tuple[int, str]]
) -> None:
    access.answer = {**GOOD, "added": [], "differing": [{"row": 2, "camera": "a", "fields": ["url", "lat_e7"]}]}
    code, output = run("camera,URL\na,rtsp://h/\n")
    assert code == 1
    assert output.startswith("row 2: a is there and differs (URL, latitude); it stays as it is")


def test_template_has_every_column_and_is_an_empty_list(tmp_path: Path) -> None:
    file = tmp_path / "template.csv"
    file.write_bytes(CliRunner().invoke(camera_import.app, ["import", "--template"]).stdout_bytes)
    listed = fleet_list(read_table(file))
    assert (listed.rows, listed.faults) == ([], [])
    assert listed.headings.keys() == HEADINGS.keys()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_column_says_what_it_expects(language: Any) -> None:  # noqa: ANN401 -- a Literal
    texts = catalogue(language)
    assert {f"import-expects-{column}" for column in HEADINGS} <= texts.keys()


def test_every_rule_of_the_act_has_its_words() -> None:
    rules = {"twice", "retired", "unknown-point", "other-row-differs", "no-heading", "unknown-heading"}
    rules |= {"heading-twice", "url-and-make", "no-url", "port-alone"}
    assert {f"import-why-{rule}" for rule in rules} <= catalogue("fr").keys()


def test_streams_that_cameras_named_and_what_others_lack_is_told() -> None:
    profile = {"name": "main", "coding": "H264", "width": 1920, "height": 1080, "fps_milli": 25_000}
    stream = {"url": "rtsp://10.0.0.7/x", "profile": profile, "reason": "only", "others": [], "channels": 1}
    why = {"row": 3, "field": "host", "value": "10.0.0.8", "why": "lookup-larger-is-other", "expected": "main JPEG"}
    answer = {**GOOD, "faults": [why], "streams": {"a": stream}, "done": False}
    row, found, chosen, *_ = camera_import.report(answer, {}, dry_run=False)
    assert found == "a: rtsp://10.0.0.7/x, as the camera says (ONVIF)."
    assert chosen == "Profile main, 1920x1080 H264, 25 frames/s: the only one that can be recorded."
    assert row.startswith("row 3: The main stream of the camera at 10.0.0.8 comes in a coding that is not recorded")
    assert "it has: main JPEG" in row
