"""A town whose footage is exported."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.footage import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """An empty town: nothing sealed, nothing granted."""
    town = Town(tmp_path)
    yield town
    town.close()
