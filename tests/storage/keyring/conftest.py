"""Two places of a keyring."""

from pathlib import Path

import pytest

from storage.keyring import create_place


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    found = [tmp_path / "a", tmp_path / "b"]
    for place in found:
        create_place(place)
    return found
