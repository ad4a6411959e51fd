"""A file of rows as cells of text: CSV with comma, semicolon or tab, in UTF-8, UTF-16 or cp1252; or XLSX."""

import codecs
import csv
import io
import zipfile
from pathlib import Path
from typing import Final

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from nvr.base.errors import Refused

_ZIP: Final = b"PK\x03\x04"
_SEPARATORS: Final = ";,\t"
_MOST_BYTES: Final = 16 << 20
_MOST_ROWS: Final = 100_000
_SEPARATOR_LINE: Final = "sep="


def read_table(path: Path) -> list[list[str]]:
    """The rows of the file, each cell without white space around it; of a workbook the sheet that shows first.

    Raises:
        Refused: `file-not-read`, or `file-no-table`: it is neither.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused("file-not-read", file=str(path), why=error.strerror) from error
    if len(content) > _MOST_BYTES:
        raise Refused("file-no-table", file=str(path), why=f"{len(content)} bytes")
    try:
        rows = _workbook(content) if content.startswith(_ZIP) else _text(content)
    except (ValueError, KeyError, csv.Error, zipfile.BadZipFile, InvalidFileException) as error:
        raise Refused("file-no-table", file=str(path), why=type(error).__name__) from error
    return [[cell.strip() for cell in row] for row in rows]


def _text(content: bytes) -> list[list[str]]:
    text = _decoded(content)
    first, _, rest = text.partition("\n")
    separator = None
    if first.strip().lower().startswith(_SEPARATOR_LINE):  # what Excel writes for itself
        separator, text = first.strip()[len(_SEPARATOR_LINE) :][:1], rest
    delimiter = separator or _separator(text)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _separator(text: str) -> str:
    """The sign that the first line of words has most of."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    heading = next(lines, "")
    return max(_SEPARATORS, key=heading.count)


def _workbook(content: bytes) -> list[list[str]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        return [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True, max_row=_MOST_ROWS)]
    finally:
        book.close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # numbers of a workbook are floats: port 554.0
        return str(int(value))
    return str(value)
