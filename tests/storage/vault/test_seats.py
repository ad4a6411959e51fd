from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.jcs import canonical
from storage.vault.fields import DocumentInvalid
from storage.vault.hpke import KeyInvalid
from storage.vault.seats import CustodianSet, SetNotSigned, SignedSet, check_signatures, sign_set
from tests.storage.sealed import Custodians, custodians


def _signed(custodian_set: CustodianSet, signers: Custodians, seats: Sequence[int]) -> SignedSet:
    chosen = [signers.holders[seat - 1] for seat in seats]
    return SignedSet(
        custodian_set,
        tuple(sign_set(custodian_set, one.pair.public.kid, one.sign, signer=signers.set) for one in chosen),
    )


def test_signed_set_survives_its_file() -> None:
    people = custodians(2, 3, envelopes=True)
    signed = _signed(people.set, people, [1, 3])
    assert SignedSet.parse(signed.pack()) == signed


def test_first_set_stands_on_the_signatures_of_m_of_its_own_seats() -> None:
    people = custodians(2, 3)
    check_signatures(_signed(people.set, people, [1, 3]), None)
    with pytest.raises(SetNotSigned):
        check_signatures(_signed(people.set, people, [2]), None)


def test_same_seat_twice_counts_once() -> None:
    people = custodians(2, 3)
    with pytest.raises(SetNotSigned):
        check_signatures(_signed(people.set, people, [2, 2]), None)


def test_next_set_stands_on_the_signatures_of_the_set_before() -> None:
    before = custodians(2, 3)
    after = custodians(2, 3, number=2, previous=before.set.hash)
    check_signatures(_signed(after.set, before, [1, 2]), before.set)
    with pytest.raises(SetNotSigned):  # an intruder's set, signed by itself
        check_signatures(_signed(after.set, after, [1, 2, 3]), before.set)


def test_set_after_another_than_it_names_is_refused() -> None:
    before = custodians(2, 3)
    after = custodians(2, 3, number=2, previous=bytes(32))
    with pytest.raises(SetNotSigned):
        check_signatures(_signed(after.set, before, [1, 2]), before.set)
    with pytest.raises(SetNotSigned):
        check_signatures(_signed(after.set, before, [1, 2]), None)


def test_signature_under_another_set_counts_for_nothing() -> None:
    people, other = custodians(2, 3), custodians(2, 3, number=5)
    signed = _signed(other.set, people, [1, 2])
    with pytest.raises(SetNotSigned):
        check_signatures(SignedSet(people.set, signed.signatures), None)


def test_seat_can_not_sign_for_another() -> None:
    people = custodians(2, 3)
    first, second = _signed(people.set, people, [1, 2]).signatures
    with pytest.raises(SetNotSigned):
        check_signatures(SignedSet(people.set, (first, replace(first, seat=2))), None)
    with pytest.raises(SetNotSigned):
        check_signatures(SignedSet(people.set, (first, replace(second, signature=first.signature))), None)


def test_provisional_set_needs_no_signature_and_its_successor_signs_for_itself() -> None:
    provisional = replace(custodians(2, 3).set, provisional=True)
    check_signatures(SignedSet(provisional), None)
    after = custodians(2, 3, number=2, previous=provisional.hash)
    check_signatures(_signed(after.set, after, [1, 2]), provisional)
    with pytest.raises(SetNotSigned):
        check_signatures(SignedSet(after.set), provisional)


def test_provisional_set_can_not_follow_a_real_one() -> None:
    before = custodians(2, 3)
    weaker = replace(custodians(1, 3, number=2).set, provisional=True, previous=before.set.hash)
    with pytest.raises(SetNotSigned):
        check_signatures(_signed(weaker, before, [1, 2, 3]), before.set)


def test_stranger_can_not_sign() -> None:
    people, stranger = custodians(2, 3), custodians(2, 3, number=3).holders[0]
    with pytest.raises(SetNotSigned):
        sign_set(people.set, stranger.pair.public.kid, stranger.sign, signer=people.set)


def test_set_with_an_impossible_shape_is_refused() -> None:
    whole = custodians(2, 3).set
    first, second, third = whole.seats
    broken: list[Callable[[], CustodianSet]] = [
        lambda: replace(whole, m=0),
        lambda: replace(whole, m=4),
        lambda: replace(whole, seats=()),
        lambda: replace(whole, seats=(second, third)),
        lambda: replace(whole, seats=(replace(first, holder=None), second, third)),
        lambda: replace(whole, seats=(first, replace(second, holder=first.holder), third)),
        lambda: replace(whole, machine=first.keys[0]),
    ]
    for make in broken:
        with pytest.raises(DocumentInvalid):
            make()


@given(data=st.data())
def test_any_altered_byte_of_the_file_gives_a_typed_error_or_no_good_signature(data: st.DataObject) -> None:
    people = custodians(2, 3)
    packed = bytearray(_signed(people.set, people, [1, 2]).pack())
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((DocumentInvalid, KeyInvalid, SetNotSigned)):
        check_signatures(SignedSet.parse(bytes(packed)), None)


def test_wrong_key_id_and_unknown_fields_are_refused() -> None:
    people = custodians(2, 3)
    text = SignedSet(people.set).pack()
    kid = people.set.seats[0].keys[0].kid.encode()
    for was, becomes in ((kid, b"0" * 32), (b'"m":2', b'"m":2,"more":1'), (b'"n":3', b'"n":4')):
        altered = text.replace(was, becomes)
        assert altered != text
        with pytest.raises(DocumentInvalid):
            SignedSet.parse(altered)


def test_hash_covers_every_field() -> None:
    whole = custodians(2, 3).set
    assert whole.hash != replace(whole, m=3).hash != replace(whole, preset="strict").hash
    assert canonical(whole.as_json()) == canonical(replace(whole).as_json())
