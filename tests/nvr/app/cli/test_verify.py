"""`nvr verify` speaks the language that the person chose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAYS = {"fr": "NON CONFORME", "en": "NOT GOOD"}


def verify(path: Path, *options: str, locale: str = "en_GB.UTF-8") -> subprocess.CompletedProcess[str]:
    # A process of its own: the language is chosen once, when it begins.
    environment = {**os.environ, "LANGUAGE": "", "LC_ALL": locale}
    command = [sys.executable, "-m", "nvr.app.cli.verify", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("language", SAYS)
def test_report_is_in_the_language_of_the_option(tmp_path: Path, language: str) -> None:
    done = verify(tmp_path, "--lang", language)
    assert (done.returncode, SAYS[language] in done.stdout) == (1, True), done


@pytest.mark.parametrize(("locale", "language"), [("fr_FR.UTF-8", "fr"), ("en_GB.UTF-8", "en"), ("C.UTF-8", "fr")])
def test_report_is_in_the_language_of_the_locale_and_else_french(tmp_path: Path, locale: str, language: str) -> None:
    assert SAYS[language] in verify(tmp_path, locale=locale).stdout
