import json
from dataclasses import replace

import pytest

from nvr.base.jcs import Json, canonical
from storage.vault.answer import Answer, AnswerInvalid
from storage.vault.contexts import answer_keys, grant_machine
from storage.vault.hpke import WrapInvalid
from storage.vault.keyrecord import Wrap
from storage.vault.unseal import (
    AnsweredKeyWrong,
    NotReleased,
    machine_parts,
    record_keys,
    used_keys,
    used_seats,
    wrap_machine_parts,
)
from tests.storage.sealed import custodians, pair
from tests.storage.vault.granted import RELEASE, Case, sealed_in_memory


def _info(answer: Answer) -> Json:
    return answer_keys(answer.grant, answer.seat, answer.kid)


def _forged(answer: Answer, keys: Json, seats: Json = None, **more: Json) -> Answer:
    public = RELEASE.public
    content = canonical({"seats": seats, "keys": keys, **more})
    return replace(answer, wrapped=(Wrap(public.kid, public.wrap(content, _info(answer))),))


def _content(answer: Answer) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = json.loads(RELEASE.unwrap(answer.wrapped[0].ciphertext, _info(answer)))["keys"]
    return content


def test_answer_that_is_moved_to_another_seat_or_key_does_not_open() -> None:
    people = custodians(1, 3, envelopes=True)
    answer = Case(people).answer(1)
    envelope = people.envelopes[0].public.kid
    for moved in (replace(answer, kid=envelope, signature=None), replace(answer, seat=2, signature=None)):
        with pytest.raises(WrapInvalid):
            used_seats(moved, RELEASE)


def test_seats_are_those_whose_shares_the_tool_joined() -> None:
    case = Case(custodians(2, 3))
    case.answers = (case.answer(1), case.answer(2))
    assert used_seats(case.answer(3), RELEASE) == (1, 3)


@pytest.mark.parametrize("seats", [None, [], [2], [1, 1], [3, 1], [0, 1], [True], ["1"], {"1": 1}])
def test_seats_of_another_shape_are_refused(seats: Json) -> None:
    answer = Case(custodians(1, 3)).answer(1)
    with pytest.raises(AnswerInvalid):
        used_seats(_forged(answer, {}, seats), RELEASE)


def test_keys_that_gave_the_shares_are_told_by_seat_and_by_an_older_tool_not() -> None:
    case = Case(custodians(2, 3))
    case.answers = (case.answer(1),)
    given = case.answer(3)
    holders = case.people.holders
    assert used_keys(given, RELEASE) == {1: holders[0].pair.public.kid, 3: holders[2].pair.public.kid}
    assert used_keys(_forged(given, {}, [1, 3]), RELEASE) == {}


@pytest.mark.parametrize(
    "kids", [[], "x", {}, {"1": "a"}, {"1": "a", "3": 7}, {"1": "a", "2": "b"}, {"1": "a", "3": "b"}]
)
def test_keys_of_another_shape_or_in_place_of_the_own_are_refused(kids: Json) -> None:
    case = Case(custodians(2, 3))
    case.answers = (case.answer(1),)
    with pytest.raises(AnswerInvalid):
        used_keys(_forged(case.answer(3), {}, [1, 3], kids=kids), RELEASE)


def test_machine_part_of_a_segment_without_release_stays_where_it_is() -> None:
    people = custodians(1, 3)
    first, second = sealed_in_memory(people, 0), sealed_in_memory(people, 1)
    records = [first.keys.record, second.keys.record]
    with pytest.raises(NotReleased):
        machine_parts(people.machine, records, released=[first.header.segment])
    assert set(machine_parts(people.machine, records[:1], released=[first.header.segment])) == {first.header.segment}


def test_relabelled_key_record_does_not_unwrap() -> None:
    people = custodians(1, 3)
    one = sealed_in_memory(people)
    relabelled = replace(one.keys.record, hh=bytes(32))
    with pytest.raises(WrapInvalid):
        machine_parts(people.machine, [relabelled], released=[one.header.segment])


def test_machine_parts_go_to_every_key_of_every_seat_and_open_for_this_grant_alone() -> None:
    people = custodians(2, 3, envelopes=True)
    segment = sealed_in_memory(people).header.segment
    wraps = wrap_machine_parts({segment: bytes(32)}, people.set, b"\x01" * 32)
    assert len(wraps) == 6
    holder = people.holders[0].pair
    mine = next(wrap for wrap in wraps if wrap.kid == holder.public.kid)
    assert json.loads(holder.unwrap(mine.ciphertext, grant_machine(b"\x01" * 32, mine.kid))) == {segment: "00" * 32}
    with pytest.raises(WrapInvalid):
        holder.unwrap(mine.ciphertext, grant_machine(b"\x02" * 32, mine.kid))


def test_wrong_or_missing_key_is_refused_by_its_record() -> None:
    case = Case(custodians(1, 3))
    answer, verified = case.answer(1), case.verified()
    segment = case.sealed[0].header.segment
    for change in ({"2": "00" * 32}, {"2": None}):
        keys = {seq: key for seq, key in (_content(answer)[segment] | change).items() if key is not None}
        with pytest.raises(AnsweredKeyWrong) as caught:
            record_keys(_forged(answer, {segment: keys}), RELEASE, verified.file.segments, granted=verified.records)
        assert caught.value.fields["seq"] == 2


def test_key_of_a_record_outside_the_grant_is_dropped() -> None:
    case = Case(custodians(1, 3))
    answer, verified = case.answer(1), case.verified()
    segment = case.sealed[0].header.segment
    assert record_keys(answer, RELEASE, verified.file.segments, granted={segment: [0, 1]})[segment].keys() == {0, 1}


def test_answer_for_another_release_key_is_refused() -> None:
    case = Case(custodians(1, 3))
    answer, verified = case.answer(1), case.verified()
    with pytest.raises(AnswerInvalid):
        record_keys(answer, pair("other"), verified.file.segments, granted=verified.records)
    moved = replace(answer, wrapped=(replace(answer.wrapped[0], kid=pair("other").public.kid),))
    with pytest.raises(WrapInvalid):
        record_keys(moved, pair("other"), verified.file.segments, granted=verified.records)


@pytest.mark.parametrize("content", [[], {"seg": 1}, {"seg": {"x": "00"}}, {"seg": {"1": 5}}, {"seg": {"1": "zz"}}])
def test_content_of_another_shape_is_refused(content: Json) -> None:
    case = Case(custodians(1, 3))
    answer, verified = case.answer(1), case.verified()
    with pytest.raises(AnswerInvalid):
        record_keys(_forged(answer, content), RELEASE, verified.file.segments, granted=verified.records)
