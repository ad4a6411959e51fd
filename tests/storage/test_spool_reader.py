"""Reading a spool that a crash tore, a disk spoiled, or somebody rewrote."""

import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.clock import SimClock
from nvr.base.ids import BootId
from storage.ledger.machine import Stop
from storage.spool import LENGTH, SpoolWriter
from storage.spool_reader import SpoolDamaged, SpoolReader
from tests.storage.ledger.samples import NOW_UTC_US, uuid

BOOT = BootId(uuid(0x800))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EVENTS = 5


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    directory = tmp_path_factory.mktemp("spool")
    spool = SpoolWriter(directory, 0, BOOT, SimClock(utc_us=NOW_UTC_US), KEY, sw="scelle 1")
    for number in range(EVENTS - 1):
        spool.tell(Stop(reason=f"reason {number}"))
    spool.close()
    return (directory / "0" / f"{BOOT}.spool").read_bytes()


def put(directory: Path, content: bytes, boot: str = BOOT, shard: str = "0") -> SpoolReader:
    path = directory / shard / f"{boot}.spool"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return SpoolReader(path)


def frames(content: bytes) -> list[bytes]:
    found = []
    while content:
        (length,) = LENGTH.unpack(content[:4])
        found.append(content[: length + 8])
        content = content[length + 8 :]
    return found


def framed(data: bytes) -> bytes:
    return LENGTH.pack(len(data)) + data + LENGTH.pack(zlib.crc32(data))


def test_events_come_in_pages_and_go_on_where_they_were(tmp_path: Path, whole: bytes) -> None:
    reader = put(tmp_path, whole)
    assert [event.n for event in reader.read(2)] == [0, 1]
    assert [event.n for event in reader.read(2)] == [2, 3]
    assert [event.body for event in reader.read()] == [{"reason": "reason 3"}]
    assert reader.read() == []


def test_what_is_in_the_ledger_is_skipped(tmp_path: Path, whole: bytes) -> None:
    path = put(tmp_path, whole).path
    assert [event.n for event in SpoolReader(path, skip=3).read()] == [3, 4]


@given(cut=st.integers(min_value=0), data=st.data())
def test_torn_tail_is_left_until_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, cut: int, data: st.DataObject
) -> None:
    cut %= len(whole)
    reader = put(tmp_path_factory.mktemp("spool"), whole[:cut])
    before = reader.read()
    assert len(before) == sum(1 for end in _ends(whole) if end <= cut)
    reader.path.write_bytes(whole)
    assert [event.n for event in before + reader.read()] == list(range(EVENTS))


def _ends(content: bytes) -> list[int]:
    ends, at = [], 0
    for frame in frames(content):
        at += len(frame)
        ends.append(at)
    return ends


def test_zeros_of_a_power_cut_are_a_torn_tail(tmp_path: Path, whole: bytes) -> None:
    assert len(put(tmp_path, whole + bytes(4096)).read()) == EVENTS
    last = frames(whole)[-1]
    torn = whole[: -len(last)] + last[:20] + bytes(len(last) - 20)
    assert len(put(tmp_path, torn).read()) == EVENTS - 1


@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_flipped_bit_never_passes(tmp_path_factory: pytest.TempPathFactory, whole: bytes, at: int, bit: int) -> None:
    at %= len(whole)
    spoiled = bytearray(whole)
    spoiled[at] ^= 1 << bit
    reader = put(tmp_path_factory.mktemp("spool"), bytes(spoiled))
    try:
        events = reader.read()
    except SpoolDamaged:
        return
    assert len(events) == sum(1 for end in _ends(whole) if end <= at)


def test_rewritten_event_with_a_good_checksum_is_refused(tmp_path: Path, whole: bytes) -> None:
    parts = frames(whole)
    parts[2] = framed(parts[2][4:-4].replace(b"reason 1", b"reason 9"))
    reader = put(tmp_path, b"".join(parts))
    assert [event.n for event in reader.read()] == [0, 1]
    with pytest.raises(SpoolDamaged) as error:
        reader.read()
    assert error.value.fields["n"] == 2


@pytest.mark.parametrize("order", [[0, 2, 1], [0, 1, 3], [0, 0]])
def test_events_out_of_order_are_refused(tmp_path: Path, whole: bytes, order: list[int]) -> None:
    parts = frames(whole)
    reader = put(tmp_path, b"".join(parts[number] for number in order))
    reader.read()
    with pytest.raises(SpoolDamaged):
        reader.read()


def test_spool_under_another_name_is_refused(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(SpoolDamaged):
        put(tmp_path, whole, boot=uuid(0x801)).read()
    with pytest.raises(SpoolDamaged):
        put(tmp_path, whole, shard="1").read()


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b"\xff", b'{"v":1,"body":null}', b"[" * 100_000])
def test_what_is_no_event_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SpoolDamaged):
        put(tmp_path, framed(data)).read()


def test_recorder_can_not_tell_the_acts_of_others(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, 0, BOOT, SimClock(utc_us=NOW_UTC_US), KEY, sw="scelle 1")
    spool.event("expire", {"segs": [], "reason": "cap", "deadline_utc_us": 1})
    spool.close()
    reader = SpoolReader(tmp_path / "0" / f"{BOOT}.spool")
    assert [event.t for event in reader.read()] == ["boot"]
    with pytest.raises(SpoolDamaged):
        reader.read()
