import shutil
from pathlib import Path

import pytest

from nvr.base.units import US_PER_DAY
from storage.keyring import KeyringKeeper, KeyringReader, KeyringUnreachable, KeyShredded
from storage.keyring.layout import FIRST_SLOT
from tests.storage.keyring.records import DAY, holding, key_record, open_files, ref, tombstones, writer
from tests.storage.sealed import NOW_US

FILE = f"0/{DAY}-00010203.keys"


def test_shredded_key_is_in_no_file_of_any_place(places: list[Path]) -> None:
    records = [key_record(at) for at in range(3)]
    writer(places).put(*records)
    done = KeyringKeeper(places).shred([ref(records[1])])
    assert (done.slots, done.faults) == (2, {})
    assert holding(places, records[1]) == []
    assert [len(holding(places, record)) for record in records] == [2, 0, 2]
    with pytest.raises(KeyShredded):
        KeyringReader(places).find(ref(records[1]))
    assert KeyringReader(places).find(ref(records[2])) == records[2]


def test_slot_is_zero_to_its_end_but_for_the_segments_id(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    KeyringKeeper(places).shred([ref(record)])
    slot = (places[0] / FILE).read_bytes()[FIRST_SLOT:]
    assert slot[:5] == b"SLOT\x02"
    assert slot[16:32].hex() == record.segment
    assert not slot[32:].strip(b"\x00")


def test_shred_costs_one_sync_for_each_file(places: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    records = [key_record(at) for at in range(50)]
    writer(places).put(*records)
    synced: list[int] = []
    monkeypatch.setattr("storage.keyring.places.os.fdatasync", synced.append)
    assert KeyringKeeper(places).shred(map(ref, records)).slots == 100
    assert len(synced) == 2


def test_shredding_twice_changes_nothing(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    keeper = KeyringKeeper(places)
    keeper.shred([ref(record)])
    before = (places[0] / FILE).read_bytes()
    assert keeper.shred([ref(record)]).slots == 0
    assert (places[0] / FILE).read_bytes() == before


def test_torn_slot_of_the_segment_is_zeroed_too(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    data = bytearray((places[0] / FILE).read_bytes())
    data[FIRST_SLOT + 60] ^= 1
    (places[0] / FILE).write_bytes(data)
    KeyringKeeper(places).shred([ref(record)])
    assert holding(places, record) == []


def test_recorder_goes_on_writing_in_the_file_that_is_shredded(places: list[Path]) -> None:
    keyring = writer(places)
    keyring.put(key_record(0), key_record(1))
    KeyringKeeper(places).shred([ref(key_record(0))])
    keyring.put(key_record(2))
    assert [record.segment for record in KeyringReader(places).records()] == [
        key_record(1).segment,
        key_record(2).segment,
    ]


def test_place_out_of_reach_is_told_and_the_other_is_shredded(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record)
    away = places[1].rename(places[1].with_name("away"))
    done = KeyringKeeper(places).shred([ref(record)])
    assert (done.slots, list(done.faults)) == (1, [places[1]])
    assert tombstones(places[0] / FILE) == [record.segment]
    shutil.rmtree(places[0])
    with pytest.raises(KeyringUnreachable):
        KeyringKeeper(places).shred([ref(record)])
    assert away.exists()


def test_file_that_can_not_be_read_keeps_no_other_from_being_shredded(places: list[Path]) -> None:
    records = [key_record(at, start_utc_us=NOW_US - at * US_PER_DAY) for at in range(4)]
    writer(places).put(*records)
    (places[0] / f"0/{DAY}-00010203.keys").write_bytes(b"damaged")
    done = KeyringKeeper(places).shred(map(ref, records))
    assert (done.slots, list(done.faults)) == (7, [places[0]])
    assert [holding(places, record) for record in records] == [[], [], [], []]


def test_shred_leaves_no_descriptor_behind(places: list[Path]) -> None:
    records = [key_record(at) for at in range(3)]
    keyring = writer(places)
    keyring.put(*records)
    keyring.close()
    before = open_files()
    KeyringKeeper(places).shred(map(ref, records))
    assert open_files() == before
