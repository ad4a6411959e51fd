import csv
import io
from pathlib import Path
from typing import Any

import pytest

from nvr.app.cli.camera_found import found_line, found_rows, write_new
from nvr.app.fleet_file.rows import fleet_list
from nvr.app.fleet_file.table import read_table
from nvr.base.catalogue import Language
from nvr.base.errors import InvalidValue
from tests.texts import headings


def found(address: str = "10.0.0.7", make: str = "AXIS", *cameras: str, **more: str) -> dict[str, Any]:
    told = {"model": "P3245", "serial": "", "firmware": "", "cause": None, **more}
    return {"address": address, "host": address, "make": make, "cameras": list(cameras), **told}


def test_table_says_what_is_known_and_what_is_new() -> None:
    rows = found_rows([found(), found("10.0.0.8", "", "a", "b", serial="S1", model="")])
    assert [list(row.values()) for row in rows] == [
        ["10.0.0.7", "AXIS", "P3245", "-", "new"],
        ["10.0.0.8", "-", "-", "S1", "a, b"],
    ]
    assert rows[0].keys() - {"address"} <= headings()


def test_line_below_says_what_to_do_next() -> None:
    assert found_line([], None).startswith("No camera answered.")
    assert found_line([found(), found("10.0.0.8", "x", "a")], None).startswith("2 cameras, 1 of them new.")
    assert "camera import new.csv" in found_line([found()], Path("new.csv"))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_new_ones_are_a_list_that_the_import_reads(tmp_path: Path, language: Language) -> None:
    file = tmp_path / "new.csv"
    write_new(file, [found(), found("10.0.0.8:8000", "Hanwha Vision"), found("10.0.0.9", "x", "known")], language)
    listed = fleet_list(read_table(file))
    assert listed.faults == []
    assert [(row["camera"], row["host"]) for row in listed.rows] == [
        ("axis-10-0-0-7", "10.0.0.7"),
        ("hanwha-10-0-0-8-8000", "10.0.0.8:8000"),
    ]


def test_cell_that_a_camera_chose_is_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    write_new(file, [found(make="=cmd|' /C calc'!A0")], "en")
    (_, row) = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")), delimiter=";")
    assert row[-1].startswith("'=cmd")
    assert row[0] == "cmd-10-0-0-7"


def test_list_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text("kept")
    with pytest.raises(InvalidValue, match="--csv"):
        write_new(file, [found()], "en")
    assert file.read_text() == "kept"
