"""Where a design page names the test that shows something, it is there; at each step of a crash it kills."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from tests.contract.source import ROOT
from tests.storage.keeping import killed_keeper
from tests.storage.keeping.test_copies_faults import MAKING, TAKING_AWAY
from tests.storage.test_kill import RECORDS

DESIGN: Final = ROOT / "docs" / "design"
PAGES: Final = {
    # page: the folders in which the tests of its tables are
    "backup.md": ("storage",),
    "ingest-dialects.md": ("recorder", "recorder/rtsp", "access/cameras", "acceptance", "config"),
    "storage.md": ("storage",),
}
KILLED: Final = {
    # test of docs/design/storage.md: the steps at which it kills
    "test_kill": RECORDS.keys(),
    "keeping/test_dying": {step.partition(" ")[0] for step in killed_keeper.STEPS},
    "keeping/test_copies_faults": MAKING.keys() | TAKING_AWAY.keys(),
}


@dataclass(frozen=True)
class Row:
    """A row of a table whose last column names tests."""

    first: str
    tests: tuple[str, ...]


def rows(page: str) -> Iterator[Row]:
    """Every row of the page's tables that say which test shows them."""
    tests: tuple[str, ...] | None = None
    for line in (DESIGN / page).read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            tests = None
        elif cells[-1] == "test":
            tests = ()
        elif tests is not None and not set(line) <= set("|-: "):
            tests = tests if cells[-1] == "same" else tuple(re.findall(r"`([^`]+)`", cells[-1]))
            yield Row(cells[0], tests)


def test_every_page_with_such_a_table_is_looked_at() -> None:
    assert {path.name for path in DESIGN.glob("*.md") if any(rows(path.name))} == PAGES.keys()


@pytest.mark.parametrize("page", PAGES)
def test_every_row_names_tests_that_are_there(page: str) -> None:
    absent = [
        f"{row.first}: {row.tests}"
        for row in rows(page)
        if not row.tests or not all(_is_there(name, PAGES[page]) for name in row.tests)
    ]
    assert not absent, "\n".join(absent)


def _is_there(name: str, folders: Iterable[str]) -> bool:
    """As a module, or as a folder of them."""
    places = [ROOT / "tests" / folder / name for folder in folders]
    return any(place.with_suffix(".py").is_file() or any(place.glob("test_*.py")) for place in places)


@pytest.mark.parametrize("test", KILLED)
def test_every_step_of_the_storage_page_is_one_at_which_its_test_kills(test: str) -> None:
    named = {step for row in rows("storage.md") if test in row.tests for step in re.findall(r"\b[A-Z]\d\b", row.first)}
    assert named
    assert named <= set(KILLED[test])
