"""Files as spreadsheets write them: each encoding and separator gives the same cells."""

from pathlib import Path

import openpyxl
import pytest

from nvr.app.fleet_file.table import read_table
from nvr.base.errors import Refused

CELLS = [["Caméra", "Adresse"], ["mairie-1", "12, rue de l'Église"], ["", ""], ["gare-1", "a;b"]]


def csv_of(separator: str) -> str:
    def quoted(cell: str) -> str:
        return f'"{cell}"' if set(cell) & set(",;\t") else cell

    return "".join(separator.join(map(quoted, row)) + "\r\n" for row in CELLS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_csv_is_read_whatever_wrote_it(tmp_path: Path, separator: str, encoding: str) -> None:
    file = tmp_path / "cameras.csv"
    file.write_bytes(csv_of(separator).encode(encoding))
    assert read_table(file) == CELLS


def test_separator_that_excel_names_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text("sep=,\ncamera,view\na,b;c;d\n")
    assert read_table(file) == [["camera", "view"], ["a", "b;c;d"]]


def test_workbook_gives_numbers_as_they_are_shown(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["Caméra", "Port", "Latitude"], ["mairie-1", 554, 48.5], [None, 554.0, None]):
        book.active.append(row)
    file = tmp_path / "cameras.xlsx"
    book.save(file)
    assert read_table(file) == [["Caméra", "Port", "Latitude"], ["mairie-1", "554", "48.5"], ["", "554", ""]]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 and no workbook", b'camera\n"never closed', b"\x81\x8d\x8f"], ids=["zip", "quote", "bytes"]
)
def test_what_is_no_list_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "cameras.csv"
    file.write_bytes(content)
    with pytest.raises(Refused, match="file-no-table"):
        read_table(file)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="file-not-read"):
        read_table(tmp_path / "none.csv")
