"""The custodians' side, played by every seat over a real grant file."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from subprocess import run
from sys import executable

import pytest

from storage.svs1.contexts import record_key
from storage.vault.answer import Answer, AnswerInvalid, AnswerKind, parse_answer
from storage.vault.contexts import answer_shares
from storage.vault.grantfile import RecordClaim
from storage.vault.hpke import WrapInvalid
from storage.vault.keyrecord import ShareWrap, Wrap
from storage.vault.share import KeyMismatch, NotYourSeat, SeatKeys, answer
from storage.vault.unseal import record_keys, used_seats
from tests.storage.sealed import GOP_US, NOW_US, custodians, pair
from tests.storage.vault.granted import IDR, NONE, RELEASE, Case, sealed_in_memory

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("m", "n"), [(1, 3), (2, 3), (3, 5)])
def test_any_m_seats_give_the_keys_of_the_granted_records_and_no_others(m: int, n: int) -> None:
    people = custodians(m, n)
    one = sealed_in_memory(people, raps=[IDR, IDR, NONE, IDR])
    for seats in list(combinations(range(1, n + 1), m))[:4]:
        # From the middle of the third group: the second is needed to decode it, the first is not.
        case = Case(people, [one], [one.granted([0, 2, 3])], NOW_US + 5_000_000, NOW_US + 6_000_000)
        for seat in seats[:-1]:
            shares = case.answer(seat)
            assert shares.kind is AnswerKind.SHARES
            case.answers = (*case.answers, shares)
        last = case.answer(seats[-1])
        assert last.kind is AnswerKind.KEYS
        verified = case.verified()
        opened = record_keys(last, RELEASE, verified.file.segments, granted=verified.records)
        assert opened == {
            one.header.segment: {
                seq: record_key(one.dek, one.header.hh, one.claims[seq].head_bytes) for seq in (0, 2, 3)
            }
        }


def test_answers_of_fewer_than_m_seats_carry_no_key_that_the_release_key_opens() -> None:
    case = Case(custodians(3, 5))
    case.answers = (case.answer(1),)
    second = case.answer(2)
    verified = case.verified()
    assert second.kind is AnswerKind.SHARES
    with pytest.raises(AnswerInvalid):
        record_keys(second, RELEASE, verified.file.segments, granted=verified.records)


def test_same_seat_twice_does_not_make_a_quorum() -> None:
    case = Case(custodians(2, 3, envelopes=True))
    case.answers = (case.answer(1),)
    assert answer(case.verified(), SeatKeys(case.people.envelopes[0])).kind is AnswerKind.SHARES


def test_envelope_completes_the_quorum_without_signature() -> None:
    case = Case(custodians(2, 3, envelopes=True))
    case.answers = (case.answer(1),)
    verified = case.verified()
    last = answer(verified, SeatKeys(case.people.envelopes[2]))
    assert last.signature is None
    last.check(case.people.set, verified.file.grant_hash)
    assert record_keys(last, RELEASE, verified.file.segments, granted=verified.records)


def test_answer_survives_its_file() -> None:
    case = Case()
    given = case.answer(1)
    again = parse_answer(given.pack())
    assert again == given
    again.check(case.people.set, case.file().grant_hash)


def test_stranger_with_the_grant_file_gets_nothing() -> None:
    with pytest.raises(NotYourSeat):
        answer(Case().verified(), SeatKeys(pair("stranger")))


def _with_a_lie(case: Case) -> Answer:
    """Seat 1's answer with shares of another split for seat 2."""
    other = Case(case.people, [sealed_in_memory(case.people)])
    good, forged = case.answer(1), other.answer(1)
    liar = case.people.holders[0]
    mine = next(wrap for wrap in forged.wrapped if wrap.kid == case.people.holders[1].pair.public.kid)
    wrapped = [mine if wrap.kid == mine.kid else wrap for wrap in good.wrapped]
    return replace(good, wrapped=tuple(wrapped)).signed(liar.sign)


def test_share_of_a_lying_seat_is_named_and_does_not_block() -> None:
    case = Case(custodians(2, 3))
    lie = _with_a_lie(case)
    case.answers = (lie,)
    given = case.answer(2)
    assert (given.kind, given.bad) == (AnswerKind.SHARES, (lie.digest,))
    case.answers = ()
    case.answers = (lie, case.answer(3))
    given = case.answer(2)
    assert (given.kind, given.bad) == (AnswerKind.KEYS, (lie.digest,))
    assert used_seats(given, RELEASE) == (2, 3)


def test_answer_whose_content_is_no_map_of_shares_does_not_block() -> None:
    case = Case(custodians(2, 3))
    good, liar = case.answer(1), case.people.holders[0]
    to = case.people.holders[1].pair.public
    info = answer_shares(good.grant, 1, liar.pair.public.kid, to.kid)
    for content in (b"[" * 100_000, b"[]", b'{"x":1}', b"\xff"):
        wrapped = [Wrap(to.kid, to.wrap(content, info)), *(wrap for wrap in good.wrapped if wrap.kid != to.kid)]
        bad = replace(good, wrapped=tuple(wrapped)).signed(liar.sign)
        case.answers = (bad,)
        assert case.answer(2).bad == (bad.digest,)


def test_good_answer_of_a_seat_is_used_beside_a_bad_one() -> None:
    case = Case(custodians(2, 3))
    lie = _with_a_lie(case)
    case.answers = (lie, case.answer(1))
    given = case.answer(2)
    assert (given.kind, given.bad) == (AnswerKind.KEYS, (lie.digest,))


def test_shares_under_another_key_of_the_seat_are_bad() -> None:
    case = Case(custodians(2, 3, envelopes=True))
    moved = replace(case.answer(1), kid=case.people.envelopes[0].public.kid, signature=None)
    case.answers = (moved,)
    given = case.answer(2)
    assert (given.kind, given.bad) == (AnswerKind.SHARES, (moved.digest,))


def test_answer_to_an_earlier_file_with_fewer_segments_is_neither_used_nor_bad() -> None:
    case = Case(custodians(2, 3))
    one, two = sealed_in_memory(case.people, 0), sealed_in_memory(case.people, 1)
    case.sealed, case.listed = [one, two], [one.granted()]
    early = case.answer(1)
    case.answers, case.listed = (early,), [one.granted(), two.granted()]
    given = case.answer(2)
    assert (given.kind, given.bad) == (AnswerKind.SHARES, ())


def test_share_wrapped_for_another_seat_is_refused() -> None:
    people = custodians(1, 3)
    one = sealed_in_memory(people)
    record = one.keys.record
    second = record.shares[1].wrap.ciphertext
    swapped = replace(record.shares[0].wrap, ciphertext=second)
    forged = replace(record, shares=(ShareWrap(1, swapped), *record.shares[1:]))
    case = Case(people, [one], [replace(one.granted(), key_record=forged)])
    with pytest.raises(WrapInvalid):
        case.answer(1)


def test_head_whose_time_was_altered_opens_nothing() -> None:
    people = custodians(1, 3)
    one = sealed_in_memory(people, raps=[IDR, IDR, IDR])
    granted_until = NOW_US + GOP_US
    # The server asks for the third group under the time of the first.
    moved = one.claims[3].head
    lie = replace(moved, seq=1, start_utc_us=one.claims[1].head.start_utc_us)
    claims = (one.claims[0], RecordClaim(lie.pack(), one.claims[3].rkc))
    case = Case(people, [one], [replace(one.granted(), records=claims)], to_utc_us=granted_until)
    with pytest.raises(KeyMismatch):
        case.answer(1)


def test_commitment_of_another_key_is_refused() -> None:
    people = custodians(1, 3)
    one = sealed_in_memory(people)
    case = Case(people, [one], [replace(one.granted(), commit=bytes(32))])
    with pytest.raises(KeyMismatch):
        case.answer(1)


def test_seats_without_the_machine_part_open_nothing() -> None:
    case = Case(custodians(1, 3))
    file = replace(case.file(), machine=())
    holder = case.people.holders[0]
    with pytest.raises(NotYourSeat):
        answer(case.verified(file), SeatKeys(holder.pair, holder.sign))


def test_private_keys_do_not_show_in_their_text() -> None:
    keys = SeatKeys(pair("holder"))
    assert pair("holder").seed.hex() not in repr(keys)
    assert repr(pair("holder").seed) not in repr(keys) + repr(keys.pair)


@pytest.mark.parametrize("module", ["storage.vault.share", "storage.vault.seal", "storage.vault.unseal"])
def test_party_loads_no_decoder_no_database_and_no_other_party(module: str) -> None:
    others = {"storage.vault.share", "storage.vault.seal", "storage.vault.unseal"} - {module}
    forbidden = sorted({"av", "cv2", "aiortc", "sqlalchemy"} | others)
    script = f"import sys, {module}; print([name for name in {forbidden!r} if name in sys.modules])"
    result = run([executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
