"""A list of cameras as CSV, which `camera import` and spreadsheets of both languages open."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from nvr.app.fleet_file.columns import HEADINGS
from nvr.app.messages import say
from nvr.base.catalogue import Language

_FORMULA: Final = ("=", "+", "-", "@")
"""What a cell must not begin with: a camera chooses its own name, and a spreadsheet would calculate with it."""


def heading_of(column: str, language: Language) -> str:
    """The column as the template of this language calls it."""
    return HEADINGS[column][0 if language == "fr" else 1]


def list_text(language: Language, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """The rows under the headings of these columns, with semicolons."""
    lines = [[_harmless(row.get(column, "")) for column in columns] for row in rows]
    return _csv([[heading_of(column, language) for column in columns], *lines])


def template_text(language: Language) -> str:
    """An empty list with all columns; # begins a comment, which says what belongs there."""
    comments = [[f"# {heading_of(column, language)}: {say(f'import-expects-{column}')}"] for column in HEADINGS]
    return _csv([[heading_of(column, language) for column in HEADINGS], *comments])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _csv(lines: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(lines)
    return "\ufeff" + out.getvalue()
