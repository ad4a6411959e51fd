from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.vault.answer import Answer, AnswerInvalid, AnswerKind, parse_answer
from storage.vault.fields import DocumentInvalid
from storage.vault.keyrecord import Wrap
from tests.storage.sealed import custodians

PEOPLE = custodians(2, 3, envelopes=True)
GRANT = bytes(range(32))


def _answer(*, kid: str | None = None, seat: int = 1) -> Answer:
    return Answer(
        grant=GRANT,
        seat=seat,
        kid=kid or PEOPLE.holders[0].pair.public.kid,
        kind=AnswerKind.SHARES,
        wrapped=(Wrap("a" * 32, b"ciphertext"),),
        size=7,
        root=bytes(32),
    )


SIGNED = _answer().signed(PEOPLE.holders[0].sign)


def test_signed_answer_holds_after_its_file() -> None:
    again = parse_answer(SIGNED.pack())
    assert again == SIGNED
    again.check(PEOPLE.set, GRANT)


@given(data=st.data())
def test_any_altered_byte_is_refused(data: st.DataObject) -> None:
    altered = bytearray(SIGNED.pack())
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((DocumentInvalid, AnswerInvalid)):
        parse_answer(bytes(altered)).check(PEOPLE.set, GRANT)


@pytest.mark.parametrize("seat", [1, 2])
def test_answer_signed_by_another_seat_is_refused(seat: int) -> None:
    with pytest.raises(AnswerInvalid):
        replace(_answer(seat=seat).signed(PEOPLE.holders[1].sign)).check(PEOPLE.set, GRANT)


def test_answer_to_another_grant_is_refused() -> None:
    with pytest.raises(AnswerInvalid):
        SIGNED.check(PEOPLE.set, bytes(32))


def test_holder_can_not_answer_without_signature_as_an_envelope_does() -> None:
    envelope = _answer(kid=PEOPLE.envelopes[0].public.kid)
    envelope.check(PEOPLE.set, GRANT)
    with pytest.raises(AnswerInvalid):
        _answer().check(PEOPLE.set, GRANT)
    with pytest.raises(AnswerInvalid):
        envelope.signed(PEOPLE.holders[0].sign).check(PEOPLE.set, GRANT)


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_typed_error(data: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        parse_answer(data)
