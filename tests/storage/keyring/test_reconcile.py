"""Every state that a crash, an absent disk or an old backup leaves, brought to one."""

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from nvr.base.units import US_PER_DAY
from storage.keyring import KeyringKeeper, KeyringReader, KeyShredded, reconcile
from storage.keyring.layout import FIRST_SLOT
from tests.storage.keyring.records import AFTER_US, DAY, holding, key_record, ref, tombstones, writer
from tests.storage.sealed import NOW_US

FILE = f"0/{DAY}-00010203.keys"


def test_tombstone_is_replayed_into_the_place_that_was_away(places: list[Path]) -> None:
    records = [key_record(at) for at in range(3)]
    writer(places).put(*records)
    away = places[1].rename(places[1].with_name("away"))
    keeper = KeyringKeeper(places)
    keeper.shred([ref(records[0])])
    away.rename(places[1])
    done = keeper.reconcile(NOW_US)
    assert (done.shredded, done.faults) == (1, {})
    assert holding(places, records[0]) == []
    assert tombstones(places[1] / FILE) == [records[0].segment]
    assert len(holding(places, records[1])) == 2


def test_shredded_slot_never_comes_back_from_a_backup(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record, key_record(1))
    backup = (places[0] / FILE).read_bytes()
    keeper = KeyringKeeper(places)
    keeper.shred([ref(record)])
    (places[0] / FILE).write_bytes(backup)
    keeper.reconcile(AFTER_US)
    assert holding(places, record) == []
    with pytest.raises(KeyShredded):
        KeyringReader(places).find(ref(record))


def test_whole_keyring_restored_from_a_backup_is_judged_by_the_ledger(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record, key_record(1))
    KeyringKeeper(places).reconcile(NOW_US, {record.segment}.intersection)
    assert holding(places, record) == []
    assert len(holding(places, key_record(1))) == 2


def test_slot_that_a_crash_left_half_zeroed_is_finished(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record, key_record(1))
    KeyringKeeper(places).shred([ref(record)])
    for place in places:
        data = bytearray((place / FILE).read_bytes())
        data[FIRST_SLOT + 4096 : FIRST_SLOT + 4100] = b"left"
        (place / FILE).write_bytes(data)
    KeyringKeeper(places).reconcile(NOW_US)
    assert all(b"left" not in (place / FILE).read_bytes() for place in places)


def test_place_that_missed_records_gets_them_once_the_day_is_the_keepers(places: list[Path]) -> None:
    keyring = writer(places)
    keyring.put(key_record(0))
    away = places[1].rename(places[1].with_name("away"))
    keyring.close()
    keyring.put(key_record(1))
    away.rename(places[1])
    keeper = KeyringKeeper(places)
    assert keeper.reconcile(AFTER_US - 1).copied == 0  # the shard still writes there
    assert keeper.reconcile(AFTER_US).copied == 1
    assert len(holding(places, key_record(1))) == 2
    assert keeper.reconcile(AFTER_US).copied == 0


def test_file_that_one_place_lacks_is_made_there(places: list[Path]) -> None:
    records = [key_record(at) for at in range(3)]
    writer(places).put(*records)
    (places[0] / FILE).unlink()
    assert KeyringKeeper(places).reconcile(AFTER_US).copied == 3
    assert list(KeyringReader(places[:1]).records()) == records


def test_key_of_destroyed_footage_that_a_place_does_not_let_go_of_is_not_copied_to_another(
    places: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, other = key_record(0), key_record(1)
    writer(places).put(record, other)
    (places[1] / FILE).unlink()

    def refuses(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(reconcile, "shred_in", refuses)
    done = KeyringKeeper(places).reconcile(AFTER_US, {record.segment}.intersection)
    assert list(done.faults) == [places[0]]
    assert (len(holding(places, record)), len(holding(places, other))) == (1, 2)


def test_dead_day_file_is_removed_once_its_day_is_the_keepers(places: list[Path]) -> None:
    records = [key_record(at) for at in range(3)]
    writer(places).put(*records)
    keeper = KeyringKeeper(places)
    keeper.shred(map(ref, records[:2]))
    assert keeper.reconcile(AFTER_US).removed == 0
    keeper.shred([ref(records[2])])
    assert keeper.reconcile(AFTER_US - 1).removed == 0
    assert keeper.reconcile(AFTER_US).removed == 2
    assert not list(places[0].glob("0/*"))


def test_torn_slot_does_not_keep_a_dead_file_alive(places: list[Path]) -> None:
    writer(places).put(key_record(0))
    for place in places:
        with (place / FILE).open("ab") as file:
            file.write(b"SLOT\x01\x00\x00\x00torn while written")
    keeper = KeyringKeeper(places)
    keeper.shred([ref(key_record(0))])
    assert keeper.reconcile(AFTER_US).removed == 2


def test_damaged_place_is_told_and_the_other_is_brought_to_order(places: list[Path]) -> None:
    record = key_record(0)
    writer(places).put(record, key_record(1, start_utc_us=NOW_US - 9 * US_PER_DAY))
    (places[0] / FILE).write_bytes(b"damaged")
    done = KeyringKeeper(places).reconcile(AFTER_US, {record.segment}.intersection)
    assert list(done.faults) == [places[0]]
    assert holding(places[1:], record) == []


def test_file_that_can_not_be_read_keeps_no_other_of_its_place_from_order(places: list[Path]) -> None:
    keyring = writer(places)
    other = key_record(1, start_utc_us=NOW_US - US_PER_DAY)
    keyring.put(key_record(0), other)
    (places[0] / FILE).write_bytes(b"damaged")
    KeyringKeeper(places[1:]).shred([ref(other)])
    done = KeyringKeeper(places).reconcile(NOW_US)
    assert (done.shredded, list(done.faults)) == (1, [places[0]])
    assert holding(places, other) == []


def test_files_that_can_not_be_read_in_either_place_end_no_reconciliation(places: list[Path]) -> None:
    writer(places).put(key_record(0), key_record(1, start_utc_us=NOW_US - US_PER_DAY))
    for place, path in zip(places, sorted(places[0].glob("0/*")), strict=True):
        (place / "0" / path.name).write_bytes(b"damaged")
    assert list(KeyringKeeper(places).reconcile(NOW_US).faults) == places


def test_absent_place_is_told(places: list[Path]) -> None:
    writer(places).put(key_record(0))
    shutil.rmtree(places[1])
    assert list(KeyringKeeper(places).reconcile(AFTER_US).faults) == [places[1]]


def test_places_that_are_alike_are_read_once(places: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    writer(places).put(key_record(0), key_record(1))
    survey, surveyed = reconcile._survey_file, []

    def counted(path: Path) -> object:
        surveyed.append(path)
        return survey(path)

    monkeypatch.setattr(reconcile, "_survey_file", counted)
    KeyringKeeper(places).reconcile(AFTER_US)
    assert surveyed == [place / FILE for place in places]


@pytest.mark.parametrize("files", range(3))
def test_reconciliation_that_is_ended_at_any_file_is_finished_by_the_next(places: list[Path], files: int) -> None:
    records = [key_record(at) for at in range(3)]
    writer(places).put(*records)
    other = [key_record(9 + at, start_utc_us=NOW_US + US_PER_DAY) for at in range(2)]
    writer(places).put(*other)
    (places[0] / FILE).unlink()
    keeper, gone = KeyringKeeper(places), {other[0].segment}.intersection
    looks = iter(range(files))
    with suppress(reconcile.Ended):
        keeper.reconcile(AFTER_US + 2 * US_PER_DAY, gone, is_over=lambda: next(looks, None) is None)
    keeper.reconcile(AFTER_US + 2 * US_PER_DAY, gone)
    assert [len(holding(places, record)) for record in (*records, *other)] == [2, 2, 2, 0, 2]


def test_reconciliation_that_is_over_at_once_touches_nothing(places: list[Path]) -> None:
    writer(places).put(key_record(0))
    (places[0] / FILE).unlink()
    with pytest.raises(reconcile.Ended):
        KeyringKeeper(places).reconcile(AFTER_US, is_over=lambda: True)
    assert not (places[0] / FILE).exists()
