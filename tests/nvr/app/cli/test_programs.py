"""The four programs as processes: exit codes, help with an example, errors in words, what they load."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from nvr.app.cli import admin, custodian, export, nvr
from tests.nvr.app.fixtures import write_config

PROGRAMS = {"nvr": nvr.app, "nvr-admin": admin.app, "nvr-export": export.app, "nvr-custodian": custodian.app}
BIN = Path(sys.executable).parent
SECRET = "correct horse battery staple"


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / program, *arguments],
        env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def commands() -> Iterator[tuple[str, str, str]]:
    """Program, command line and help text of every command that is not another module's."""

    def walk(program: str, command: object, path: list[str]) -> Iterator[tuple[str, str, str]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield program, " ".join(path), str(getattr(command, "help", ""))
        else:
            for name, each in inner.items():
                yield from walk(program, each, [*path, name])

    for program, app in PROGRAMS.items():
        assert isinstance(app, typer.Typer)
        yield from walk(program, get_command(app), [])


COMMANDS = list(commands())
ELSEWHERE = [("nvr", "demo"), ("nvr", "verify"), ("nvr-admin", "init"), ("nvr-admin", "ledger verify")]


@pytest.mark.parametrize(("program", "path", "text"), COMMANDS, ids=lambda value: str(value)[:30])
def test_help_of_every_command_shows_an_example(program: str, path: str, text: str) -> None:
    if "Example:" not in text:
        text = run(program, *path.split(), "--help").stdout
    assert "Example: nvr" in text or "Example: systemctl" in text


@pytest.mark.parametrize(("program", "path"), ELSEWHERE, ids=str)
def test_command_of_another_module_is_reached(program: str, path: str) -> None:
    done = run(program, *path.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--lang" in done.stdout


@pytest.mark.parametrize(
    ("program", "path"),
    [
        ("nvr", "status"),
        ("nvr-admin", "hold list"),
        ("nvr-admin", "volume list"),
        ("nvr-export", "requisition list"),
        ("nvr-custodian", "new"),
        *ELSEWHERE,
    ],
    ids=str,
)
def test_command_takes_the_language_at_its_end(program: str, path: str) -> None:
    done = run(program, *path.split(), "--lang", "fr", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Exemple : " in done.stdout
    assert "la langue de ses textes" in done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_usage_that_is_wrong_ends_with_2(program: str) -> None:
    assert run(program, "--lang", "de").returncode == 2
    assert run(program, "--no-such-option").returncode == 2
    assert run(program, "no-such-command").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [("nvr", "run"), ("nvr", "status"), ("nvr-admin", "--as", "a", "--password-file", "/dev/null", "hold", "list")],
    ids=str,
)
def test_configuration_that_is_wrong_ends_with_78_and_names_file_line_and_key(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    file = write_config(tmp_path, "[recorder]\nshard = 1\n")
    done = run(*arguments, SCELLE_CONFIG=str(file))
    assert done.returncode == 78
    assert f"{file}, line 15, key recorder.shard: unknown key" in done.stderr
    assert "Traceback" not in done.stderr


def test_role_without_its_files_ends_with_78(tmp_path: Path) -> None:
    done = run("nvr", "run", "--role", "recorder", "--config", str(write_config(tmp_path)))
    assert done.returncode == 78
    assert "nvr-admin init" in done.stderr or "no camera snapshot" in done.stderr


def test_server_that_does_not_run_is_told_in_words_with_1(tmp_path: Path) -> None:
    file, password = write_config(tmp_path), tmp_path / "password"
    password.write_text(f"{SECRET}\n")
    given = ["--config", str(file), "--as", "admin", "--password-file", str(password)]
    english = run("nvr-admin", *given, "camera", "list")
    french = run("nvr-admin", *given, "camera", "list", LANGUAGE="fr")
    assert english.returncode == french.returncode == 1
    assert "does not answer" in english.stderr
    assert "ne répond pas" in french.stderr
    assert SECRET not in english.stderr + english.stdout


def test_status_says_as_json_who_does_not_answer(tmp_path: Path) -> None:
    done = run("nvr", "status", "--json", "--config", str(write_config(tmp_path)))
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"keeper": None, "recorder-0": None, "access": None, "watch": None}


def test_custodians_tool_loads_no_decoder_no_database_and_no_web_server() -> None:
    probe = (
        "import sys, nvr.app.cli.custodian;"
        "print([name for name in ('av', 'cv2', 'numpy', 'aiortc', 'sqlalchemy', 'fastapi', 'uvloop') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_custodian_makes_a_key_and_nothing_is_overwritten(tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(f"{SECRET}\n")
    make = ["new", "--name", "Jeanne", "--out", str(tmp_path / "j.key"), "--passphrase-file", str(passphrase)]
    first = run("nvr-custodian", *make, "--json")
    assert first.returncode == 0
    assert json.loads(first.stdout)["name"] == "Jeanne"
    assert (tmp_path / "j.key").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "j.key").read_bytes()
    again = run("nvr-custodian", *make)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert (tmp_path / "j.key").read_bytes() == before
    assert SECRET.encode() not in before


def test_custodian_refuses_what_is_no_grant_file(tmp_path: Path) -> None:
    (tmp_path / "grant.json").write_text("{}")
    done = run("nvr-custodian", "open", str(tmp_path / "grant.json"), "--key", "k", "--out", str(tmp_path / "a"))
    assert done.returncode == 1
    assert "[document-invalid]" in done.stderr
    assert not (tmp_path / "a").exists()
