"""The suite's own watch over cameras' passwords: what tells one fails, wherever it stands."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.canary import Watch, forms, watching

ROOT = Path(__file__).resolve().parents[2]

LEAKS = """
import logging, subprocess, sys
from urllib.parse import quote
import pytest
import storage.postgresql
from nvr.sim.camera import SimCamera
from recorder.rtsp.auth import Credentials

def test_printed():
    print(SimCamera("cam1", user="u", password="c4nary bird").password)

def test_logged_at_the_lowest_level():
    logging.getLogger("recorder.worker").debug("opened %s", quote(Credentials("u", "c4nary bird").password))

def test_written_by_a_child():
    password = Credentials("u", "c4nary bird").password
    subprocess.run([sys.executable, "-c", "import os; os.write(2, bytes.fromhex('%s'))" % password.encode().hex()])

def test_shown_by_ps():
    Credentials("u", "c4nary bird")
    subprocess.run(["true", "rtsp://u:c4nary%20bird@127.0.0.1/"])

def test_in_the_environment_of_a_child():
    Credentials("u", "c4nary bird")
    subprocess.run(["true"], env={"LOGIN": "c4nary bird"})

@pytest.fixture
def leaky():
    yield
    print(Credentials("u", "c4nary bird").password)

def test_told_when_it_is_over(leaky):
    pass

def test_of_a_database(tmp_path):
    file = tmp_path / "password"
    file.write_text("c4nary bird")
    print(storage.postgresql.password_in(file))

def test_kept():
    print(Credentials("u", "c4nary bird"), "bird")
"""


def test_password_that_a_test_or_its_child_tells_fails_the_test(tmp_path: Path) -> None:
    file = tmp_path / "test_leaks.py"
    file.write_text(LEAKS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-rA", "--tb=short"]
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(file)]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    verdicts = {
        line.split("::")[1].split(" ")[0]: line.split(" ")[0]
        for line in done.stdout.splitlines()
        if line.startswith(("PASSED", "FAILED", "ERROR"))
    }
    assert {name for name, verdict in verdicts.items() if verdict != "PASSED"} == set(verdicts) - {"test_kept"}
    assert len(verdicts) == LEAKS.count("def test_")
    assert done.stdout.count("a camera's password stands in") >= len(verdicts) - 1


@pytest.mark.parametrize("form", sorted(forms("ville", 'c4nary %/"é')))
def test_every_form_of_a_login_is_found(form: str) -> None:
    watch = Watch()
    watch.note_login("ville", 'c4nary %/"é')
    assert watch.found([("log", f"opens {form} now")]) == ["log"]
    assert watch.found([("log", "opens ville now")]) == []
    watch.begin()
    assert watch.found([("log", f"opens {form} now")]) == []


def test_children_are_seen_and_watching_ends() -> None:
    watch = Watch()
    with watching(watch):
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    subprocess.run(["true"], check=True)
    assert watch._commands[-2:] == ["-c", "pass"]
