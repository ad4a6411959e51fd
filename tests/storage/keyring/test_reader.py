from pathlib import Path

import pytest

from storage.keyring import KeyringKeeper, KeyringReader, KeyringUnreachable, KeyShredded
from storage.keyring.places import KeyringFile
from tests.storage.keyring.records import DAY, key_record, ref, writer

FILE = f"0/{DAY}-00010203.keys"


def test_segment_that_never_had_a_key_is_none(places: list[Path]) -> None:
    writer(places).put(key_record(0))
    assert KeyringReader(places).find(ref(key_record(1))) is None
    assert KeyringReader(places).find(ref(key_record(0), shard=1)) is None


def test_one_copy_is_enough(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    (places[0] / FILE).unlink()
    assert KeyringReader(places).find(ref(record)) == record
    assert list(KeyringReader(places).records()) == [record]


def test_damaged_copy_is_passed_over_for_the_good_one(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    for at in (10, 4096, 4096 + 100):
        data = bytearray((places[1] / FILE).read_bytes())
        data[at] ^= 1
        (places[0] / FILE).write_bytes(data)
        assert KeyringReader(places).find(ref(record)) == record


def test_key_that_only_a_torn_slot_holds_is_none(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    for place in places:
        (place / FILE).write_bytes((place / FILE).read_bytes()[:5000])
    assert KeyringReader(places).find(ref(record)) is None


def test_one_tombstone_refuses_every_copy(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    copy = (places[1] / FILE).read_bytes()
    KeyringKeeper(places).shred([ref(record)])
    (places[1] / FILE).write_bytes(copy)  # an old backup, put back
    reader = KeyringReader(places)
    with pytest.raises(KeyShredded):
        reader.find(ref(record))
    assert list(reader.records()) == []


def test_held_key_is_found_after_its_day_file_died(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    KeyringKeeper(places).copy_to_held([ref(record)])
    for place in places:
        (place / FILE).unlink()
    assert KeyringReader(places).find(ref(record)) == record


def test_no_place_is_an_error_not_an_absence(tmp_path: Path) -> None:
    with pytest.raises(KeyringUnreachable):
        KeyringReader([tmp_path / "a", tmp_path / "b"]).find(ref(key_record(0)))


def test_many_are_found_in_one_walk_and_the_destroyed_are_named(
    places: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [key_record(at) for at in range(20)]
    writer(places).put(*records)
    KeyringKeeper(places).shred([ref(records[3])])
    KeyringKeeper(places).copy_to_held([ref(records[5])])
    opened: list[Path] = []
    init = KeyringFile.__init__

    def count(self: KeyringFile, path: Path, *, writing: bool = False) -> None:
        opened.append(path)
        init(self, path, writing=writing)

    monkeypatch.setattr(KeyringFile, "__init__", count)
    found = KeyringReader(places).find_all([*map(ref, records), ref(key_record(99))])
    assert found.shredded == {records[3].segment}
    assert found.records == {record.segment: record for record in records if record != records[3]}
    assert len(opened) == 4
