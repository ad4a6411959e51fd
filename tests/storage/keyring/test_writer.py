import errno
import os
import shutil
from pathlib import Path

import pytest

from nvr.base.clock import SimClock
from nvr.base.units import US_PER_DAY
from storage.keyring import KeyringReader, KeyringUnreachable, KeyringWriter
from tests.storage.keyring.records import DAY, holding, key_record, open_files, ref, writer
from tests.storage.sealed import NOW_US


def test_key_record_is_in_both_places_when_put_returns(places: list[Path]) -> None:
    record = key_record(0)
    with_two = writer(places)
    with_two.put(record)
    assert holding(places, record) == [f"a/0/{DAY}-00010203.keys", f"b/0/{DAY}-00010203.keys"]
    assert not with_two.degraded
    assert KeyringReader(places).find(ref(record)) == record


def test_many_records_cost_one_sync_for_each_file(places: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = writer(places)
    keyring.put(key_record(0))
    synced: list[int] = []
    monkeypatch.setattr("storage.keyring.places.os.fdatasync", synced.append)
    keyring.put(*(key_record(at) for at in range(1, 30)))
    assert len(synced) == 2
    assert len(list(KeyringReader(places).records())) == 30


def test_days_and_sets_have_their_own_files(places: list[Path]) -> None:
    keyring = writer(places)
    records = [
        key_record(0),
        key_record(1, start_utc_us=NOW_US + US_PER_DAY),
        key_record(2, set_hash=bytes(32)),
    ]
    keyring.put(*records)
    assert sorted(path.name for path in places[0].glob("0/*")) == [
        f"{DAY}-00000000.keys",
        f"{DAY}-00010203.keys",
        "20260922-00010203.keys",
    ]
    assert [KeyringReader(places).find(ref(record)) for record in records] == records


def test_writer_of_the_next_process_goes_on_behind_a_torn_slot(places: list[Path]) -> None:
    first, second = key_record(0), key_record(1)
    writer(places).put(first)
    path = places[0] / "0" / f"{DAY}-00010203.keys"
    with path.open("ab") as file:
        file.write(b"SLOT\x01\x00\x00\x00torn")
    writer(places).put(second)
    reader = KeyringReader(places[:1])
    assert [reader.find(ref(record)) for record in (first, second)] == [first, second]
    assert path.stat().st_size == 4096 + 3 * (path.stat().st_size - 4096) // 3


def test_place_that_fails_leaves_one_copy_and_an_alarm(places: list[Path]) -> None:
    keyring = writer(places)
    shutil.rmtree(places[0])
    record = key_record(0)
    keyring.put(record)
    assert keyring.degraded
    assert list(keyring.faults) == [places[0]]
    assert KeyringReader(places).find(ref(record)) == record


def test_empty_mount_point_is_no_place(places: list[Path]) -> None:
    shutil.rmtree(places[1])
    places[1].mkdir()
    keyring = writer(places)
    keyring.put(key_record(0))
    assert list(keyring.faults) == [places[1]]
    assert not list(places[1].iterdir())


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_error_of_one_disk_is_survived_and_never_retried_on_its_descriptor(
    places: list[Path], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    keyring = writer(places)
    keyring.put(key_record(0))
    broken = (places[0] / "0" / f"{DAY}-00010203.keys").stat().st_ino
    real = getattr(os, call)
    refused: list[int] = []

    def fails(fd: int, *args: object) -> object:
        if os.fstat(fd).st_ino == broken:
            refused.append(fd)
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, *args)

    monkeypatch.setattr(f"storage.keyring.places.os.{call}", fails)
    keyring.put(key_record(1))
    keyring.put(key_record(2))
    assert keyring.degraded
    assert len(refused) == 1
    assert KeyringReader(places[1:]).find(ref(key_record(2))) == key_record(2)


def test_place_that_came_back_is_used_again_after_a_while(places: list[Path]) -> None:
    clock = SimClock(NOW_US)
    keyring = KeyringWriter(places, 0, clock)
    away = places[0].rename(places[0].with_name("away"))
    keyring.put(key_record(0))
    away.rename(places[0])
    keyring.put(key_record(1))
    assert keyring.degraded
    clock.advance(61_000_000)
    keyring.put(key_record(2))
    assert keyring.faults == {}
    assert holding(places, key_record(1)) == [f"b/0/{DAY}-00010203.keys"]
    assert len(holding(places, key_record(2))) == 2


def test_without_any_place_nothing_is_taken(places: list[Path]) -> None:
    keyring = writer(places)
    for place in places:
        shutil.rmtree(place)
    with pytest.raises(KeyringUnreachable):
        keyring.put(key_record(0))


def test_when_the_last_place_fails_one_that_waits_for_its_retry_is_tried(places: list[Path]) -> None:
    keyring = writer(places)
    away = places[0].rename(places[0].with_name("away"))
    keyring.put(key_record(0))
    away.rename(places[0])
    shutil.rmtree(places[1])
    keyring.close()
    keyring.put(key_record(1))
    assert holding(places, key_record(1)) == [f"a/0/{DAY}-00010203.keys"]


def test_day_file_that_the_keeper_removed_is_made_anew(places: list[Path]) -> None:
    keyring = writer(places)
    keyring.put(key_record(0))
    for place in places:
        (place / "0" / f"{DAY}-00010203.keys").unlink()
    keyring.put(key_record(1))
    assert KeyringReader(places).find(ref(key_record(1))) == key_record(1)


def test_file_of_another_shape_is_not_written_to(places: list[Path]) -> None:
    path = places[0] / "0" / f"{DAY}-00010203.keys"
    path.parent.mkdir()
    path.write_bytes(b"something else")
    keyring = writer(places)
    keyring.put(key_record(0))
    assert path.read_bytes() == b"something else"
    assert list(keyring.faults) == [places[0]]


def test_long_run_keeps_few_descriptors(places: list[Path]) -> None:
    keyring = writer(places)
    before = open_files()
    for day in range(12):
        keyring.put(key_record(day, start_utc_us=NOW_US + day * US_PER_DAY))
    assert open_files() <= before + 8
    keyring.close()
    assert open_files() == before
