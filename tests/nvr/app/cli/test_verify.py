"""`nvr verify` speaks the language that the person chose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAYS = {"fr": "NON CONFORME", "en": "NOT GOOD"}


def verify(path: Path, *options: str, locale: str = "C") -> subprocess.CompletedProcess[str]:
    # A process of its own: the language is chosen once, when it begins.
    environment = {**os.environ, "LC_ALL": locale}
    command = [sys.executable, "-m", "nvr.app.cli.verify", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("language", SAYS)
def test_report_is_in_the_language_of_the_option(tmp_path: Path, language: str) -> None:
    done = verify(tmp_path, "--lang", language)
    assert (done.returncode, SAYS[language] in done.stdout) == (1, True), done


def test_report_is_in_the_language_of_the_locale(tmp_path: Path) -> None:
    assert SAYS["fr"] in verify(tmp_path, locale="fr_FR.UTF-8").stdout
