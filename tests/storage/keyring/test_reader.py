import errno
import os
from pathlib import Path

import pytest

from storage.keyring import KeyringKeeper, KeyringReader, KeyringUnreachable, KeyShredded
from storage.keyring.layout import FIRST_SLOT, pack_slot
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


def test_no_place_is_an_error_not_an_absence(tmp_path: Path) -> None:
    with pytest.raises(KeyringUnreachable):
        KeyringReader([tmp_path / "a", tmp_path / "b"]).find(ref(key_record(0)))


def test_many_are_found_in_one_walk_and_the_destroyed_are_named(
    places: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [key_record(at) for at in range(20)]
    writer(places).put(*records)
    KeyringKeeper(places).shred([ref(records[3])])
    opened: list[Path] = []
    init = KeyringFile.__init__

    def count(self: KeyringFile, path: Path, *, writing: bool = False) -> None:
        opened.append(path)
        init(self, path, writing=writing)

    monkeypatch.setattr(KeyringFile, "__init__", count)
    found = KeyringReader(places).find_all([*map(ref, records), ref(key_record(99))])
    assert found.shredded == {records[3].segment}
    assert found.records == {record.segment: record for record in records if record != records[3]}
    assert len(opened) == 2


def test_disk_that_fails_under_one_copy_costs_nothing(places: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    records = [key_record(at) for at in range(3)]
    writer(places).put(*records)
    bad, real = (places[0] / FILE).stat().st_ino, os.pread

    def fails(fd: int, size: int, offset: int) -> bytes:
        if os.fstat(fd).st_ino == bad and offset > FIRST_SLOT:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, size, offset)

    monkeypatch.setattr("storage.keyring.places.os.pread", fails)
    reader = KeyringReader(places)
    assert dict(reader.find_all(map(ref, records)).records) == {record.segment: record for record in records}
    assert list(reader.records()) == records


def test_slot_that_holds_no_key_record_costs_its_segment_alone(places: list[Path]) -> None:
    records = [key_record(0), key_record(1)]
    keyring = writer(places)
    keyring.put(records[0])
    for place in places:
        with KeyringFile(place / FILE, writing=True) as file:
            file.write(file.next_slot(), pack_slot(records[1].segment, b"{}", file.head.slot_bytes))
    found = KeyringReader(places).find_all(map(ref, records))
    assert (dict(found.records), found.shredded) == ({records[0].segment: records[0]}, frozenset())
