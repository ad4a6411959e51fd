"""Where in a TOML file a key stands: the parser of the standard library does not tell."""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_HEADER: Final = re.compile(r"\s*(?P<open>\[\[?)\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(#.*)?")
_PAIR: Final = re.compile(
    r"\s*(?P<name>(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PART: Final = re.compile(r"[A-Za-z0-9_-]+|\"([^\"]*)\"|'([^']*)'")


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line, from 1, of each table header and key; tables of an array are numbered from 0.

    It expects text that `tomllib` accepts, and looks at one line at a time: a line inside a multi-line string that
    looks like a key may hide the true one.
    """
    lines: dict[KeyPath, int] = {(): 1}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = _parts(header["name"])
            if header["open"] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            lines.setdefault(table, number)
        elif pair := _PAIR.match(line):
            parts = _parts(pair["name"])
            for length in range(1, len(parts) + 1):
                lines.setdefault((*table, *parts[:length]), number)
    return lines


def line_of(lines: Mapping[KeyPath, int], key: KeyPath) -> int:
    """The line of the key, or of the nearest thing around it that the file has."""
    while key not in lines:
        key = key[:-1]
    return lines[key]


def _parts(name: str) -> KeyPath:
    return tuple(match[1] or match[2] or match[0] for match in _PART.finditer(name))
