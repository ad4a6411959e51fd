"""A sitting is a container: a fault of one grant in it is that grant's, a fault of its own refuses it whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.errors import NvrError
from nvr.base.jcs import canonical
from storage.vault import sitting
from storage.vault.answer import AnswerInvalid, parse_answer
from storage.vault.fields import DocumentInvalid
from storage.vault.share import SeatKeys, answer
from storage.vault.sitting import (
    MOST_FILES,
    LookedAt,
    Named,
    is_sitting,
    look_at,
    pack_answers,
    pack_sitting,
    parse_answers,
)
from storage.vault.verification import GrantOver, GrantUnproven, VerifiedGrant
from tests.storage.sealed import NOW_US, custodians
from tests.storage.vault.granted import VALID_US, Case
from tests.storage.vault.sittings import grants_of, names


def looked(case: Case, data: bytes, now_utc_us: int = NOW_US) -> list[LookedAt]:
    return look_at(data, case.pins(), now_utc_us=now_utc_us)


def why(looked: list[LookedAt]) -> list[type[object]]:
    return [type(one.verified) for one in looked]


def test_each_grant_of_a_sitting_is_proven_and_answered_on_its_own() -> None:
    case = Case()
    files = grants_of(case, 3)
    found = looked(case, pack_sitting(files))
    assert [one.named for one in found] == names(files)
    holder = case.people.holders[0]
    made = []
    for one in found:
        assert isinstance(one.verified, VerifiedGrant)
        made.append((one.named, answer(one.verified, SeatKeys(holder.pair, holder.sign))))
    packed = pack_answers(made)
    for (named, given_), (expected, _), (_, file) in zip(parse_answers(packed), made, files, strict=True):
        assert named == expected
        parse_answer(given_).check(case.people.set, file.grant_hash)
    (_, first), _, (_, last) = parse_answers(packed)
    with pytest.raises(AnswerInvalid, match="another grant"):
        parse_answer(first).check(case.people.set, files[2][1].grant_hash)
    with pytest.raises(AnswerInvalid, match="another grant"):
        parse_answer(last).check(case.people.set, files[0][1].grant_hash)


def _not_json(item: dict[str, Any]) -> None:
    item["file"] = {"v": 1}


def _no_object(item: dict[str, Any]) -> None:
    item["file"] = 7


def _other_grant(item: dict[str, Any]) -> None:
    item["file"]["grant"] = item["file"]["grant"].replace("officer.durand", "officer.dupont")


def _no_proof(item: dict[str, Any]) -> None:
    item["file"]["proofs"]["grant"]["path"] = []


def _no_release(item: dict[str, Any]) -> None:
    item["file"]["releases"], item["file"]["proofs"]["releases"] = [], []


@pytest.mark.parametrize("spoil", [_not_json, _no_object, _other_grant, _no_proof, _no_release])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_bad_grant_file_is_refused_by_name_and_the_others_hold(spoil: Callable[[Any], None], at: int) -> None:
    case = Case()
    files = grants_of(case, 3)
    body = json.loads(pack_sitting(files))
    spoil(body["files"][at])
    found = looked(case, canonical(body))
    assert [isinstance(one.verified, NvrError) for one in found] == [number == at for number in range(3)]
    assert found[at].named == files[at][0]


def test_grants_that_are_over_are_refused_by_name() -> None:
    case = Case()
    found = looked(case, pack_sitting(grants_of(case, 2)), NOW_US + VALID_US)
    assert why(found) == [GrantOver, GrantOver]


def test_file_under_the_name_of_another_grant_is_refused() -> None:
    case = Case()
    (one, first), (two, second) = grants_of(case, 2)
    found = looked(case, pack_sitting([(one, second), (two, first)]))
    assert why(found) == [GrantUnproven, GrantUnproven]
    other = Named(one.grant, "00" * 32)
    assert why(looked(case, pack_sitting([(other, first)]))) == [GrantUnproven]


def test_grant_that_is_proven_by_another_tree_than_the_others_is_refused() -> None:
    case = Case()
    early = grants_of(case, 1)
    (named, late) = grants_of(case, 2)[1]
    found = looked(case, pack_sitting([*early, (named, late)]))
    assert why(found) == [VerifiedGrant, GrantUnproven]
    assert why(looked(case, pack_sitting([(named, late), *early]))) == [VerifiedGrant, GrantUnproven]


def test_footage_of_two_custodian_sets_of_which_the_custodian_knows_one() -> None:
    case, other = Case(), Case(people=custodians(number=2))
    mine, theirs = grants_of(case, 1), grants_of(other, 1)
    found = looked(case, pack_sitting([*theirs, *mine]))
    assert why(found) == [GrantUnproven, VerifiedGrant]


def test_sitting_without_a_grant_or_with_too_many_or_one_twice_is_refused_by_its_field() -> None:
    case = Case()
    files = grants_of(case, 1)
    item = json.loads(pack_sitting(files))["files"][0]
    for items in ([], [item] * 2, [item] * 1000, 7, [7], None):
        with pytest.raises(DocumentInvalid, match="files"):
            looked(case, canonical({"v": 1, "t": "scelle-sitting", "files": items}))
    for number in (0, MOST_FILES + 1):
        with pytest.raises(DocumentInvalid, match="files"):
            pack_sitting(files * number)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"t": "scelle-grant"},
        {"more": 1},
        {"files": [{"grant": "../../etc", "set": "00" * 32, "file": {}}]},
        {"files": [{"grant": 7, "set": "00" * 32, "file": {}}]},
        {"files": [{"grant": "019f00000713700080000000000007ff", "set": "xx", "file": {}}]},
    ],
    ids=str,
)
def test_container_that_is_not_of_this_version_is_refused(change: dict[str, Any]) -> None:
    case = Case()
    body = json.loads(pack_sitting(grants_of(case, 1)))
    with pytest.raises(DocumentInvalid):
        looked(case, canonical({**body, **change}))


def test_sitting_that_is_too_long_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case()
    files = grants_of(case, 1)
    data = pack_sitting(files)
    monkeypatch.setattr(sitting, "MOST_BYTES", len(data) - 1)
    with pytest.raises(DocumentInvalid, match="longer than"):
        pack_sitting(files)
    with pytest.raises(DocumentInvalid, match="longer than"):
        looked(case, data)
    with pytest.raises(DocumentInvalid, match="longer than"):
        parse_answers(b"[" * len(data))


def test_single_grant_file_is_told_from_a_sitting() -> None:
    case = Case()
    files = grants_of(case, 1)
    assert is_sitting(pack_sitting(files))
    assert not is_sitting(files[0][1].pack())
    assert not is_sitting(b"")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_an_error_of_ours(data: bytes) -> None:
    for parse in (parse_answers, lambda given_: looked(Case(sealed=SEALED), given_)):
        with pytest.raises(DocumentInvalid):
            parse(data)


SEALED = Case().sealed
BODY = json.loads(pack_sitting(grants_of(CASE := Case(), 2)))


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 -- JSON
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in inner for path in [(*at, key), *_paths(item, (*at, key))]]


@given(path=st.sampled_from(_paths(BODY)), value=st.sampled_from([None, 0, -1, "", "é", [], {}, True, "00" * 32]))
def test_any_bent_value_is_an_error_of_ours_and_bends_one_grant_at_most(path: tuple[Any, ...], value: Any) -> None:  # noqa: ANN401
    body = json.loads(canonical(BODY))
    parent = body
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    try:
        found = looked(CASE, canonical(body))
    except DocumentInvalid:
        assert len(path) <= 3  # the container itself
        return
    for at, one in enumerate(found):
        if ("files", at) != path[:2]:
            assert isinstance(one.verified, VerifiedGrant)


def test_answers_that_were_swapped_between_seats_do_not_check() -> None:
    case = Case()
    files = grants_of(case, 1)
    (found,) = looked(case, pack_sitting(files))
    assert isinstance(found.verified, VerifiedGrant)
    first, second = case.people.holders[:2]
    made = answer(found.verified, SeatKeys(first.pair, first.sign))
    for stolen in (replace(made, seat=2), replace(made, seat=2, kid=second.pair.public.kid)):
        ((_, packed),) = parse_answers(pack_answers([(found.named, stolen)]))
        with pytest.raises(AnswerInvalid):
            parse_answer(packed).check(case.people.set, files[0][1].grant_hash)
