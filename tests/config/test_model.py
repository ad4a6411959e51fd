"""Where roles find each other's files: the table of docs/design/processes.md."""

from pathlib import Path

import pytest

from config.model import Paths

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "processes.md"
PATHS = Paths(state=Path("/state"), runtime=Path("/run/scelle"))


@pytest.mark.parametrize(
    "path",
    [
        PATHS.camera_snapshot,
        PATHS.custodians,
        PATHS.index,
        PATHS.register,
        PATHS.export_key,
    ],
    ids=str,
)
def test_file_lies_where_the_page_says(path: Path) -> None:
    assert f"`{str(path).removeprefix('/')}`" in PAGE.read_text()


def test_socket_has_the_name_that_the_page_says() -> None:
    page = PAGE.read_text()
    assert f"`{PATHS.keeper_socket.name}`" in page
    assert f"`{PATHS.access_socket.name}`" in page
    assert f"`{PATHS.recorder_socket(3).name.replace('3', '<shard>')}`" in page
