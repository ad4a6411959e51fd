"""The lock names packages, versions and hashes; where they come from is the machine's own business."""

import re
from pathlib import Path

import pytest

from tests.contract.source import ROOT

RUNTIME = ROOT / "requirements.lock"
DEVELOPMENT = ROOT / "requirements-dev.lock"

PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<when>.*?) \\\n(?:    --hash=sha256:.*\n)+")


def _pins(lock: Path) -> set[tuple[str, str, str]]:
    return {(pin["name"], pin["version"], pin["when"]) for pin in PIN.finditer(lock.read_text())}


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=lambda lock: lock.name)
def test_lock_holds_pins_and_comments_and_nothing_else(lock: Path) -> None:
    rest = PIN.sub("", lock.read_text())
    assert [line for line in rest.splitlines() if not line.lstrip().startswith("#")] == []


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=lambda lock: lock.name)
def test_lock_names_no_address_and_no_path_of_a_machine(lock: Path) -> None:
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host|(?<!\w)/\w+", lock.read_text())


def test_tests_run_on_the_versions_that_are_installed_in_a_town() -> None:
    assert _pins(RUNTIME) <= _pins(DEVELOPMENT)
