"""A good bundle for all tests here, and copies of it to be changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.footage import Town
from tests.access.verification.bundles import copy_of, make_bundle


@pytest.fixture(scope="session")
def good_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The town that made the good bundle; its ledger is only read."""
    town = Town(tmp_path_factory.mktemp("town"))
    make_bundle(town)
    yield town
    town.close()


@pytest.fixture(scope="session")
def good(good_town: Town) -> Path:
    """A bundle of frames 31 to 62 of a camera, with hidden frames at both ends; never changed."""
    (bundle,) = (good_town.directory / "staging").iterdir()
    return bundle


@pytest.fixture
def bundle(good: Path, tmp_path: Path) -> Path:
    """A copy of the good bundle."""
    return copy_of(good, tmp_path / "copy")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """An empty town: nothing sealed, nothing granted."""
    town = Town(tmp_path)
    yield town
    town.close()
