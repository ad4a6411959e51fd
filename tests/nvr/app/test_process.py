"""A role whose installation lacks its texts does not begin."""

import subprocess
import sys
from pathlib import Path

from tests.nvr.app.fixtures import write_config

ROLE = """
import sys
from nvr.app import process
from nvr.base.catalogue import Catalogue

async def work(*_):
    print("working")

if sys.argv.pop(1) == "without":
    process.TEXTS = Catalogue("nvr.app", "nothing")
sys.exit(process.main("recorder", work, holds_keys=False))
"""


def role(tmp_path: Path, texts: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ROLE, texts, "--config", str(write_config(tmp_path))]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_role_without_its_texts_ends_with_78_and_names_the_file(tmp_path: Path) -> None:
    done = role(tmp_path, "without")
    assert (done.returncode, done.stdout) == (78, "")
    assert "nothing.mo" in done.stderr
    assert "python -m tools.catalogues" in done.stderr
    assert "Traceback" not in done.stderr


def test_role_with_its_texts_begins(tmp_path: Path) -> None:
    done = role(tmp_path, "with")
    assert (done.returncode, done.stdout) == (0, "working\n"), done.stderr
