"""Answers of roles on standard output: JSON for a machine, words, tables and blocks for a person."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from nvr.app.cli.countdowns import countdown_words
from nvr.app.cli.tables import causes_of
from nvr.app.cli.times import show_day, show_instant
from nvr.app.messages import LANGUAGE, say
from nvr.app.system_words import in_words
from nvr.app.words import DAY_SUFFIX, INSTANT_SUFFIX, heading, word

_WORDS: Final = frozenset({"state", "requisition_state", "roles", "kind"})
"""Keys whose values are words of ours."""
_COUNTDOWN: Final = "countdown"
_INDENT: Final = "  "


def write_json(value: object) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")
    sys.stdout.flush()


def write_answer(value: Any, *, as_json: bool, zone: ZoneInfo) -> None:  # noqa: ANN401 -- JSON from a role
    """An answer for a machine or for a person: a list of objects becomes a table, or blocks where it is too narrow."""
    if as_json:
        write_json(value)
    elif isinstance(value, Mapping):
        _write_lines(_lines(value, zone))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        _write_list(value, zone)
    else:
        sys.stdout.write(f"{value}\n")


def write_remedies(cameras: Sequence[Mapping[str, Any]]) -> None:
    """Below a list of cameras: what stands in the way of those that are not recorded, and what to do."""
    for cause, names in causes_of(cameras).items():
        sys.stdout.write(f"\n{', '.join(names)}:\n{say(f'cause-{cause}')}\n")


def _write_list(rows: Sequence[Any], zone: ZoneInfo) -> None:
    if not rows:
        sys.stdout.write(f"{say('list-empty')}\n")
        return
    if not all(isinstance(row, Mapping) for row in rows):
        _write_lines(str(row) for row in rows)
        return
    columns = list(dict.fromkeys(key for row in rows for key, value in row.items() if value is not None))
    table = Table(*(heading(column) for column in columns), box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*(_cell(column, row.get(column), zone) for column in columns))
    console = Console(highlight=False)
    if Measurement.get(console, console.options.update(max_width=sys.maxsize), table).maximum <= console.width:
        console.print(table)
        return
    # What does not fit would be cut off: an answer hides nothing.
    for row in rows:
        _write_lines([*_lines(row, zone), ""])


def _lines(value: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, Mapping) and key != _COUNTDOWN:
            yield f"{heading(key)}:"
            yield from (f"{_INDENT}{line}" for line in _lines(item, zone))
        else:
            yield f"{heading(key)}: {_cell(key, item, zone)}"


def _write_lines(lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


def _cell(key: str, value: Any, zone: ZoneInfo) -> str:  # noqa: ANN401 -- JSON from a role
    if value is None:
        return "-"
    if isinstance(value, bool):
        return word("yes" if value else "no")
    if isinstance(value, list):
        return ", ".join(_cell(key, item, zone) for item in value) or "-"
    if key == _COUNTDOWN:
        return countdown_words(value, zone)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    if key.endswith(INSTANT_SUFFIX) and isinstance(value, int):
        return show_day(value, zone) if key.endswith(DAY_SUFFIX) else show_instant(value, zone)
    return word(str(value)) if key in _WORDS else in_words(str(value), LANGUAGE)
