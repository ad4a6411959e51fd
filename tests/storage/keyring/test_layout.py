import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.keyring.layout import (
    FILE_HEAD_BYTES,
    FIRST_SLOT,
    SLOT_HEAD_BYTES,
    FileHead,
    KeyringDamaged,
    SlotHead,
    SlotState,
    pack_slot,
    pack_tombstone,
    slot_bytes_for,
)
from tests.storage.keyring.records import key_record
from tests.storage.sealed import custodians, segment_start

HEAD = FileHead(slot_bytes=8192, shard=3, day="20260921", set_hash=bytes(range(32)))
SEGMENT = segment_start().segment


def test_file_head_fills_the_first_page() -> None:
    packed = HEAD.pack()
    assert len(packed) == FIRST_SLOT
    assert not packed[FILE_HEAD_BYTES:].strip(b"\x00")
    assert FileHead.parse(packed[:FILE_HEAD_BYTES], file="x") == HEAD


def test_files_are_named_by_shard_day_and_set() -> None:
    assert HEAD.name == "3/20260921-00010203.keys"


@given(at=st.integers(0, 59), flip=st.integers(1, 255))
def test_any_flip_in_a_file_head_is_noticed(at: int, flip: int) -> None:
    altered = bytearray(HEAD.pack())
    altered[at] ^= flip
    with pytest.raises(KeyringDamaged):
        FileHead.parse(bytes(altered), file="x")


def test_slot_fits_its_payload_and_no_other() -> None:
    slot = pack_slot(SEGMENT, b"payload", 4096)
    head = SlotHead.parse(slot[:SLOT_HEAD_BYTES])
    assert head is not None
    assert (head.state, head.segment, head.length) == (SlotState.LIVE, SEGMENT, 7)
    assert head.fits(b"payload")
    assert not head.fits(b"Payload")
    assert not head.fits(b"payloa")


def test_slot_under_another_segments_id_does_not_fit() -> None:
    slot = bytearray(pack_slot(SEGMENT, b"payload", 4096))
    slot[31] ^= 1
    head = SlotHead.parse(bytes(slot[:SLOT_HEAD_BYTES]))
    assert head is not None
    assert not head.fits(b"payload")


def test_tombstone_holds_the_segments_id_and_nothing_else() -> None:
    slot = pack_tombstone(SEGMENT, 8192)
    assert len(slot) == 8192
    assert slot[16:32].hex() == SEGMENT
    assert not slot[32:].strip(b"\x00")


@pytest.mark.parametrize("data", [b"", bytes(32), b"SLOT" + bytes(28), b"SLOT\x03" + bytes(27), b"SLOT\x01"])
def test_torn_slot_head_is_none(data: bytes) -> None:
    assert SlotHead.parse(data) is None


@pytest.mark.parametrize(("n", "envelopes"), [(1, False), (3, True), (16, True)])
def test_every_key_record_of_a_set_fits_its_slot(n: int, envelopes: bool) -> None:
    people = custodians(1, n, envelopes=envelopes).set
    record = key_record(0)
    # The longest camera name, the largest number, and every wrap at its true length (1,120 + 16 + 33 bytes).
    wrap = record.shares[0].wrap.__class__("f" * 32, bytes(1169))
    shares = tuple(record.shares[0].__class__(seat.number, wrap) for seat in people.seats for _ in seat.keys)
    largest = record.__class__(
        segment=record.segment,
        camera=record.camera.__class__("c" * 63),
        start_utc_us=record.start_utc_us.__class__(2**53 - 1),
        hh=bytes(32),
        set_hash=bytes(32),
        m=n,
        n=n,
        machine=wrap,
        shares=shares,
        share_hashes={seat.number: bytes(32) for seat in people.seats},
    )
    slot_bytes = slot_bytes_for(people.wraps, people.n)
    assert slot_bytes % 4096 == 0
    assert len(pack_slot(record.segment, largest.pack(), slot_bytes)) == slot_bytes


def test_payload_longer_than_its_slot_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="longer"):
        pack_slot(SEGMENT, bytes(4096), 4096)
