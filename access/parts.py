"""Files that outgrow a frame of access's socket, carried in parts (docs/design/processes.md "Sockets")."""

import base64
from pathlib import Path
from typing import Final

from nvr.base.jcs import Json

PART_BYTES: Final = 4 * 2**20
"""The most that a part holds; in base64 it fits a frame of 16 MiB."""


def read_part(path: Path, offset: int, most: int = PART_BYTES) -> bytes:
    """The bytes from `offset` on, at most so many. Raises FileNotFoundError."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(most)


def part_as_json(data: bytes, *, offset: int, size: int) -> dict[str, Json]:
    """The answer that carries this part of a file of `size` bytes."""
    return {"data": base64.b64encode(data).decode(), "eof": offset + len(data) >= size}
