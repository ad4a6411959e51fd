"""A test that did not run is seen: skipped aloud on a desk, failed under CI."""

import os
import subprocess
import sys
from pathlib import Path

from tests.contract.source import ROOT

SKIPS_ITSELF = """
import pytest
def test_skips():
    pytest.skip("no reason")
"""
FILE_SKIPS_ITSELF = """
import pytest
pytest.skip("no reason", allow_module_level=True)
"""
ABSENT_DATA = """
import pathlib, pytest, tests.conftest
tests.conftest.SHARED_DATA = pathlib.Path("absent")
@pytest.mark.shared_data
def test_reads(shared_data):
    pass
"""
MISSPELT_PROGRAM = """
import pytest
@pytest.mark.system("fmpeg")
def test_never_runs():
    pass
"""


def _run(tmp_path: Path, *sources: str, **variables: str) -> str:
    """The last line of a pytest run over the sources, with this project's rules, on a desk or under CI."""
    for number, source in enumerate(sources):
        (tmp_path / f"test_{number}.py").write_text(source)
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", "SYSTEM_PACKAGES")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:asyncio", "--continue-on-collection-errors"],
        env=inherited | {"PYTHONPATH": str(ROOT)} | variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return (run.stdout + run.stderr).strip().splitlines()[-1]


def test_skips_pass_on_a_desk(tmp_path: Path) -> None:
    assert "3 skipped," in _run(tmp_path, SKIPS_ITSELF, FILE_SKIPS_ITSELF, ABSENT_DATA)


def test_skips_fail_under_ci_but_for_the_absent_data_folder(tmp_path: Path) -> None:
    summary = _run(tmp_path, SKIPS_ITSELF, FILE_SKIPS_ITSELF, ABSENT_DATA, CI="true")
    assert "1 failed, 1 skipped," in summary


def test_misspelt_program_is_refused_before_anything_runs(tmp_path: Path) -> None:
    assert "system('fmpeg') is not one of" in _run(tmp_path, MISSPELT_PROGRAM)
