from nvr.base.ids import CameraId
from storage.vault.contexts import machine_wrap, share_hash, share_wrap
from storage.vault.seal import SegmentKeys, new_segment_keys, wipe
from storage.vault.shamir import join
from tests.storage.sealed import NOW_US, custodians, segment_start

HH = bytes(range(32))


def _keys(m: int = 2, n: int = 3, *, envelopes: bool = False) -> SegmentKeys:
    return new_segment_keys(
        custodians(m, n, envelopes=envelopes).set,
        hh=HH,
        segment=segment_start().segment,
        camera=CameraId("cam"),
        start_utc_us=NOW_US,
    )


def test_machine_part_and_m_shares_give_the_data_key() -> None:
    people, keys = custodians(2, 3), _keys()
    shares = {
        item.seat: people.holders[item.seat - 1].pair.unwrap(item.wrap.ciphertext, share_wrap(HH, item.seat))
        for item in keys.record.shares
    }
    machine_part = people.machine.unwrap(keys.record.machine.ciphertext, machine_wrap(HH))
    del shares[2]
    assert bytes(a ^ b for a, b in zip(machine_part, join(shares, 2), strict=True)) == keys.dek
    assert machine_part != keys.dek != bytes(join(shares, 2))
    assert {seat: share_hash(HH, seat, share) for seat, share in shares.items()} == {
        seat: keys.record.share_hashes[seat] for seat in shares
    }


def test_every_key_of_a_seat_opens_the_same_share() -> None:
    people, keys = custodians(2, 3, envelopes=True), _keys(envelopes=True)
    pairs = {one.pair.public.kid: one.pair for one in people.holders}
    pairs |= {paper.public.kid: paper for paper in people.envelopes}
    opened = [
        (item.seat, pairs[item.wrap.kid].unwrap(item.wrap.ciphertext, share_wrap(HH, item.seat)))
        for item in keys.record.shares
    ]
    assert len(opened) == 6
    assert len(set(opened)) == 3


def test_data_key_is_in_no_part_of_the_key_record() -> None:
    keys = _keys(1, 3)
    packed = keys.record.pack()
    assert bytes(keys.dek) not in packed
    assert keys.dek.hex().encode() not in packed
    assert keys.dek.hex() not in repr(keys)


def test_two_segments_never_share_a_key() -> None:
    assert _keys().dek != _keys().dek


def test_wiped_key_is_zero_in_place() -> None:
    dek = bytearray(b"secret" * 5)
    same = memoryview(dek)
    wipe(dek)
    assert bytes(same) == bytes(30)
