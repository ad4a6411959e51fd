"""A keyring file is checked without keys: whoever changed a byte of it is found out."""

import random
from pathlib import Path

import pytest

from access.verification.keyring import verify_keyring
from access.verification.texts import render
from storage.keyring import KeyringKeeper, create_place
from tests.storage.keyring.records import DAY, key_record, ref, writer

FILE = f"0/{DAY}-00010203.keys"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A file with two key records and a tombstone between them."""
    place = tmp_path / "place"
    create_place(place)
    records = [key_record(number) for number in range(3)]
    for record in records:
        writer([place]).put(record)
    KeyringKeeper([place]).shred([ref(records[1])])
    return place / FILE


def test_whole_file_is_good_and_tells_what_lives(keys: Path) -> None:
    report = verify_keyring(keys)
    assert report.ok, render(report, "en")
    assert (report.steps[1].facts["live"], report.steps[1].facts["shredded"]) == (2, 1)


def test_flipped_byte_anywhere_names_the_file_and_in_a_key_record_its_slot(keys: Path) -> None:
    whole = keys.read_bytes()
    slot_bytes = (len(whole) - 4096) // 3
    places = {random.Random(7).randrange(len(whole)) for _ in range(200)} | {0, 63, 64, 4095, 4096, len(whole) - 1}
    for at in places:
        data = bytearray(whole)
        data[at] ^= 1
        keys.write_bytes(data)
        report = verify_keyring(keys)
        assert {found.file for found in report.findings} == {keys.name}, at
        if at >= 4096:
            assert report.findings[0].fields["slot"] == (at - 4096) // slot_bytes
        assert "{" not in render(report, "en")


def test_file_that_is_no_keyring_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.keys").write_bytes(b"not a keyring")
    for name in ("other.keys", "absent.keys"):
        assert {found.file for found in verify_keyring(tmp_path / name).findings} == {name}
