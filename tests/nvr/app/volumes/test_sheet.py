"""The sheet for the vendor says of the keys what is true of this disk, and fits a page."""

from pathlib import Path

import pytest

from nvr.app.volumes.sheet import sheet, sheets

FIELDS = {
    "origin": "videoprotection.ville.example/nvr",
    "disk": "ST8000VE001-3CC101 WSD0ABCD",
    "bay": "3",
    "volume": "01a20a0dcd8b784882f697aa77d12bd8",
    "when": "2026-11-23 21:20:05+01:00",
    "account": "c.petit",
    "index": 84,
}


@pytest.mark.parametrize("with_keys", [False, True])
def test_sheet_fits_a_page_and_names_the_disk_in_both_languages(with_keys: bool) -> None:
    text = sheets(FIELDS, with_keys=with_keys)
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 80
    for value in FIELDS.values():
        assert text.count(str(value)) >= 2
    assert "(keys)" not in text
    assert ("No key is on it" in text, "Aucune clé ne s'y trouve" in text) == (not with_keys, not with_keys)


def test_what_is_not_known_is_a_dash_to_be_written_in() -> None:
    text = sheets({**FIELDS, "disk": None}, with_keys=False)
    assert "Disque              -\n" in text


def test_page_for_operators_shows_the_sheet_as_it_is() -> None:
    page = (Path(__file__).resolve().parents[4] / "docs" / "volumes.md").read_text()
    shown = {**FIELDS, "origin": "nvr.ville.example", "account": "admin"}
    assert sheet("en", shown, with_keys=False) in page
