"""Command lines of persons: each runs the act that the design names, with the arguments that it takes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from nvr.app.cli import admin, export
from nvr.app.cli.person import Person
from nvr.base.errors import InvalidValue
from tests.nvr.app.fixtures import write_config

NO_DOME = dict.fromkeys(("ptz", "ptz_address", "ptz_profile", "ptz_expect"))


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    ran: list[tuple[str, dict[str, object]]] = []

    def act(_: Person, name: str, **args: object) -> dict[str, object]:
        ran.append((name, args))
        return {"done": name}

    monkeypatch.setattr(Person, "act", act)
    return ran


@pytest.fixture
def run(tmp_path: Path) -> Callable[[typer.Typer, list[str]], str]:
    config, password = write_config(tmp_path), tmp_path / "password"
    password.write_text("not looked at here\n")

    def invoke(app: typer.Typer, words: list[str]) -> str:
        signed_in = ["--config", str(config), "--as", "somebody", "--password-file", str(password), *words]
        return CliRunner().invoke(app, signed_in, catch_exceptions=False).output

    return invoke


@pytest.mark.parametrize(
    ("app", "words", "act", "args"),
    [
        (admin.app, ["camera", "retire", "mairie-1"], "camera.retire", {"camera": "mairie-1"}),
        (
            admin.app,
            ["camera", "commission", "mairie-1", "--for", "1h30m", "--reason", "mât tourné"],
            "camera.commission",
            {"camera": "mairie-1", "minutes": 90, "reason": "mât tourné"},
        ),
        (admin.app, ["camera", "commission", "mairie-1", "--end"], "camera.commission_end", {"camera": "mairie-1"}),
        (
            admin.app,
            ["camera", "add", "c1", "--make", "axis", "--host", "10.0.0.7", "--point", "p1"],
            "camera.add",
            {
                "camera": "c1",
                "url": "rtsp://10.0.0.7/axis-media/media.amp?videocodec=h264&camera=1",
                "transport": None,
                "user": None,
                "password": None,
                "point": "p1",
                "retention_days": None,
                "kind": None,
                **NO_DOME,
            },
        ),
        (
            admin.app,
            ["camera", "discover", "10.0.0.0/24", "10.1.0.7", "--seconds", "9"],
            "camera.discover",
            {"networks": ["10.0.0.0/24", "10.1.0.7"], "interface": None, "seconds": 9},
        ),
        (
            admin.app,
            ["camera", "edit", "c1", "--url", "rtsp://h/", "--no-login", "--kind", "nomadic"],
            "camera.edit",
            {
                "camera": "c1",
                "url": "rtsp://h/",
                "transport": None,
                "user": None,
                "password": None,
                "no_login": True,
                "kind": "nomadic",
                "no_ptz": None,
                **NO_DOME,
            },
        ),
        (
            admin.app,
            ["camera", "move", "c1", "--point", "p2", "--since", "2026-09-01T10:00Z", "--reason", "told late"],
            "camera.move",
            {"camera": "c1", "point": "p2", "since_utc_us": 1_788_256_800_000_000, "reason": "told late"},
        ),
        (
            admin.app,
            ["camera", "absent", "c1", "--reason", "lent"],
            "camera.absent",
            {"camera": "c1", "reason": "lent"},
        ),
        (admin.app, ["camera", "present", "c1"], "camera.present", {"camera": "c1", "point": None}),
        (
            admin.app,
            ["camera", "replace", "c1", "--by", "c2", "--url", "rtsp://h/"],
            "camera.replace",
            {"camera": "c1", "by": "c2", "url": "rtsp://h/", "transport": None, "user": None, "password": None},
        ),
        (admin.app, ["account", "end", "j.martin"], "account.end", {"account": "j.martin"}),
        (admin.app, ["account", "list"], "account.list", {}),
        (admin.app, ["hold", "end", "0199", "--reason", "over"], "hold.end", {"hold": "0199", "reason": "over"}),
        (admin.app, ["hold", "confirm", "0199"], "hold.confirm", {"hold": "0199"}),
        (
            export.app,
            ["requisition", "close", "R-2026-000123", "--reason", "handed over"],
            "requisition.close",
            {"requisition": "R-2026-000123", "reason": "handed over"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_command_runs_its_act(
    acts: list[tuple[str, dict[str, object]]],
    run: Callable[[typer.Typer, list[str]], str],
    app: typer.Typer,
    words: list[str],
    act: str,
    args: dict[str, object],
) -> None:
    assert run(app, [*words, "--json"]) == f'{{"done": "{act}"}}\n'
    assert acts == [(act, args)]


def test_camera_with_a_host_alone_is_asked_for_its_stream(
    acts: list[tuple[str, dict[str, object]]], run: Callable[[typer.Typer, list[str]], str]
) -> None:
    run(admin.app, ["camera", "add", "c1", "--host", "10.0.0.7:8000", "--channel", "2", "--json"])
    run(admin.app, ["camera", "replace", "c1", "--by", "c2", "--host", "10.0.0.8", "--json"])
    run(admin.app, ["camera", "edit", "c1", "--host", "10.0.0.9", "--json"])
    assert [(name, args.get("host"), args.get("channel"), args.get("url")) for name, args in acts] == [
        ("camera.add", "10.0.0.7:8000", 2, None),
        ("camera.replace", "10.0.0.8", None, None),
        ("camera.edit", "10.0.0.9", None, None),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["add", "c1", "--url", "rtsp://h/"],
        ["replace", "c1", "--by", "c2", "--url", "rtsp://h/"],
        ["move", "c1", "--point", "p2"],
        ["present", "c1"],
    ],
    ids=lambda words: words[0],
)
def test_decision_in_place_of_an_order_goes_with_the_act(
    acts: list[tuple[str, dict[str, object]]], run: Callable[[typer.Typer, list[str]], str], words: list[str]
) -> None:
    run(admin.app, ["camera", *words, "--without-order", "fête", "--until", "2027-01-31T00:00Z", "--json"])
    ((name, args),) = acts
    assert name == f"camera.{words[0]}"
    assert (args["without_order"], args["until_utc_us"]) == ("fête", 1_801_353_600_000_000)


def test_how_a_dome_is_asked_goes_with_its_camera(
    acts: list[tuple[str, dict[str, object]]], run: Callable[[typer.Typer, list[str]], str]
) -> None:
    dome = ["--ptz", "onvif", "--ptz-address", "10.0.0.8", "--ptz-profile", "p2"]
    presets = ["--ptz-expect", "Mairie", "--ptz-expect", "Gare"]
    run(admin.app, ["camera", "add", "c1", "--url", "rtsp://h/", *dome, *presets, "--json"])
    run(admin.app, ["camera", "edit", "c1", "--no-ptz", "--json"])
    (_, added), (_, edited) = acts
    told = {"ptz": "onvif", "ptz_address": "10.0.0.8", "ptz_profile": "p2", "ptz_expect": ["Mairie", "Gare"]}
    assert {key: added[key] for key in NO_DOME} == told
    assert ({key: edited[key] for key in NO_DOME}, edited["no_ptz"]) == (NO_DOME, True)


@pytest.mark.parametrize("words", [["hold", "end", "0199"], ["camera", "retire"], ["account", "end"]], ids=" ".join)
def test_command_that_lacks_an_argument_runs_nothing(
    acts: list[tuple[str, dict[str, object]]], run: Callable[[typer.Typer, list[str]], str], words: list[str]
) -> None:
    assert "Usage" in run(admin.app, words)
    assert not acts


def test_cameras_to_try_out_are_named_or_all(
    acts: list[tuple[str, dict[str, object]]], run: Callable[[typer.Typer, list[str]], str]
) -> None:
    for words in (["camera", "test"], ["camera", "test", "c1", "--all"]):
        with pytest.raises(InvalidValue):
            run(admin.app, words)
    assert not acts


def test_list_of_holds_says_in_words_when_the_index_is_away(
    run: Callable[[typer.Typer, list[str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = dict.fromkeys(("hold", "requisition", "asked_by", "placed_by", "from_utc_us", "to_utc_us", "until_utc_us"))
    hold |= dict.fromkeys(("requisition_state", "placed_utc_us"))
    known = {
        **hold,
        "cameras": ["mairie-1"],
        "provisional": False,
        "ended": False,
        "kept_bytes": 0,
        "copies": None,
        "lost": [],
    }
    for shown, is_said in ((known, False), ({**known, "kept_bytes": None, "lost": None}, True)):
        monkeypatch.setattr(Person, "act", lambda *_, shown=shown, **__: [shown])
        told = run(admin.app, ["hold", "list"])
        assert "mairie-1" in told
        assert ("the index can not be read" in told) is is_said


SCOPE = ["--camera", "c1", "--from", "2026-10-25 14:05", "--to", "2026-10-25 14:20", "--asked-by", "OPJ Durand"]
ROOM = {"limit_permille": 300, "before_permille": 121, "with_permille": 462}


@pytest.mark.parametrize(
    ("app", "words", "answer"),
    [
        (admin.app, ["hold", "place"], {"hold": "0199", "provisional": True, "until_utc_us": 7, "room": ROOM}),
        (
            export.app,
            ["requisition", "new"],
            {"hold": "0199", "hold_provisional": True, "hold_until_utc_us": 7, "hold_room": ROOM},
        ),
    ],
    ids=["hold place", "requisition new"],
)
def test_who_places_a_large_hold_is_told_its_figures_and_whom_to_ask(
    run: Callable[[typer.Typer, list[str]], str],
    monkeypatch: pytest.MonkeyPatch,
    app: typer.Typer,
    words: list[str],
    answer: dict[str, object],
) -> None:
    monkeypatch.setattr(Person, "act", lambda *_, **__: answer)
    told = run(app, [*words, *SCOPE])
    for part in ("46.2 %", "12.1 % before", "above 30.0 %", "hold confirm 0199", "1970-01-01"):
        assert part in told
    small = {**answer, "provisional": False, "hold_provisional": False}
    monkeypatch.setattr(Person, "act", lambda *_, **__: small)
    assert "hold confirm" not in run(app, [*words, *SCOPE])


def test_retention_says_how_much_of_the_room_holds_keep(
    run: Callable[[typer.Typer, list[str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = dict.fromkeys(("free_bytes", "daily_bytes", "due_bytes"), 0) | {"pressure_utc_us": None, "full_utc_us": None}
    disks = [
        {"volume": name, **disk, "room_bytes": 40 << 30, "held_bytes": held << 30}
        for name, held in (("a", 9), ("b", 0))
    ]
    answers: dict[str, object] = {
        "retention.show": [],
        "retention.forecast": {"volumes": disks, "minimum_at_risk_utc_us": None},
    }
    monkeypatch.setattr(Person, "act", lambda _, name, **__: answers[name])
    assert "Holds keep 9 GiB of the 80 GiB for footage: 11.2 %." in run(admin.app, ["retention", "show"])
    answers["retention.forecast"] = None
    assert "Holds keep" not in run(admin.app, ["retention", "show"])


@pytest.mark.parametrize(("words", "days"), [([], None), (["--old"], 90), (["--old", "--days", "30"], 30)], ids=str)
def test_holds_are_listed_all_or_from_an_age_on(
    acts: list[tuple[str, dict[str, object]]],
    run: Callable[[typer.Typer, list[str]], str],
    words: list[str],
    days: int | None,
) -> None:
    run(admin.app, ["hold", "list", *words, "--json"])
    assert acts == [("hold.list", {"old_days": days})]


def test_age_of_holds_without_old_is_refused(
    acts: list[tuple[str, dict[str, object]]], run: Callable[[typer.Typer, list[str]], str]
) -> None:
    with pytest.raises(InvalidValue, match="--days"):
        run(admin.app, ["hold", "list", "--days", "30"])
    assert not acts
