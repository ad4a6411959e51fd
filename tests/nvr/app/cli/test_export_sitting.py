"""What the officer's tool says of a sitting, and the acts on grants that it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nvr.app.cli import export
from nvr.app.cli.person import Person
from tests.nvr.app.fixtures import write_config

Run = Callable[..., Result]
TAKEN = {
    "answers": [
        {"grant": "g1", "set": "5e", "state": "open", "seats": [1, 2]},
        {
            "grant": "g2",
            "set": "5e",
            "refused": "denied",
            "fields": {"rule": "grant-revoked", "object": "R-2026-000007"},
        },
    ],
    "refused": 1,
}


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    ran: list[tuple[str, dict[str, object]]] = []
    answers: dict[str, Any] = {
        "sitting.file": {"token": "t", "size": 4, "grants": [{"grant": "g1", "requisition": "R"}], "left_out": []},
        "sitting.upload": {"token": "u", "size": 7},
        "sitting.answer": TAKEN,
    }

    def act(_: Person, name: str, **args: object) -> Any:  # noqa: ANN401 -- JSON
        ran.append((name, args))
        return answers.get(name, {"done": name})

    monkeypatch.setattr(Person, "act", act)
    monkeypatch.setattr(Person, "talk", lambda *_: b"file")
    return ran


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config, password = write_config(tmp_path), tmp_path / "password"
    password.write_text("not looked at here\n")
    signed_in = ["--config", str(config), "--as", "somebody", "--password-file", str(password)]
    return lambda *words: CliRunner().invoke(export.app, [*signed_in, *words], catch_exceptions=False)


def test_file_has_all_grants_that_wait_or_those_that_are_named(
    acts: list[tuple[str, dict[str, object]]], run: Run, tmp_path: Path
) -> None:
    done = run("sitting", "file", "--out", str(tmp_path / "a.json"))
    assert (done.exit_code, (tmp_path / "a.json").read_bytes()) == (0, b"file")
    run("sitting", "file", "g1", "g2", "--out", str(tmp_path / "b.json"))
    assert acts == [("sitting.file", {"grants": None}), ("sitting.file", {"grants": ["g1", "g2"]})]


def test_answer_that_is_refused_is_told_by_its_grant_and_rule_with_exit_code_1(
    acts: list[tuple[str, dict[str, object]]], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "answer.json").write_bytes(b"answers")
    done = run("sitting", "answer", str(tmp_path / "answer.json"))
    assert done.exit_code == 1
    assert "g1" in done.stdout
    assert "g2" in done.stderr
    assert "[denied-grant-revoked]" in done.stderr
    assert acts == [("sitting.upload", {"size": 7}), ("sitting.answer", {"token": "u"})]


def test_grants_are_revoked_and_reopened_by_their_acts(acts: list[tuple[str, dict[str, object]]], run: Run) -> None:
    assert run("grant", "revoke", "g1", "--reason", "withdrawn").exit_code == 0
    assert run("grant", "reopen", "g1", "--checked", "judge", "--valid-days", "30").exit_code == 0
    assert run("grant", "reopen", "g1", "--checked", "judge", "--valid-days", "91").exit_code == 2
    assert acts == [
        ("grant.revoke", {"grant": "g1", "reason": "withdrawn"}),
        ("grant.reopen", {"grant": "g1", "checked": "judge", "valid_days": 30}),
    ]
