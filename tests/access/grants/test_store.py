from pathlib import Path

import pytest

from access.grants.store import MOST_ANSWERS, GrantStore, GrantWiped, TooManyAnswers
from nvr.base.ids import GrantId
from storage.vault.answer import Answer, AnswerKind

GRANT = GrantId("g")
SET, OTHER = "5e" * 32, "07" * 32


def answer(seat: int, size: int = 7, kind: AnswerKind = AnswerKind.SHARES) -> Answer:
    return Answer(bytes(32), seat, f"{seat:032x}", kind, (), size, bytes(32))


@pytest.fixture
def store(tmp_path: Path) -> GrantStore:
    return GrantStore(tmp_path / "grants")


def test_release_key_is_kept_for_access_alone(store: GrantStore, tmp_path: Path) -> None:
    pair = store.new(GRANT)
    assert store.release_key(GRANT) == pair
    assert (tmp_path / "grants" / "g" / "release.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "grants" / "g").stat().st_mode & 0o777 == 0o700


def test_second_answer_of_a_key_never_takes_the_place_of_the_first(store: GrantStore) -> None:
    store.new(GRANT)
    for one in (answer(3), answer(1), answer(1, size=9), answer(1)):
        store.keep_answer(GRANT, SET, one)
    first, second, third = store.answers(GRANT)
    assert {first, second} == {answer(1), answer(1, size=9)}
    assert third == answer(3)


def test_answers_of_one_key_are_bounded_and_another_key_is_free(store: GrantStore) -> None:
    store.new(GRANT)
    for size in range(MOST_ANSWERS):
        store.keep_answer(GRANT, SET, answer(1, size=size))
    with pytest.raises(TooManyAnswers):
        store.keep_answer(GRANT, SET, answer(1, size=MOST_ANSWERS))
    store.keep_answer(GRANT, SET, answer(1, size=0))  # it is there already
    store.keep_answer(GRANT, SET, answer(2))


def test_bad_shares_are_dropped_by_their_digest_and_keys_never(store: GrantStore) -> None:
    store.new(GRANT)
    bad, good, keys = answer(1), answer(2), answer(3, kind=AnswerKind.KEYS)
    for one in (bad, good, keys):
        store.keep_answer(GRANT, SET, one)
    assert store.drop_answers(GRANT, {bad.digest, keys.digest}) == (1,)
    assert store.answers(GRANT) == (good, keys)


def test_stored_answer_that_is_damaged_is_told_and_hides_no_other(
    store: GrantStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.new(GRANT)
    store.keep_answer(GRANT, SET, answer(2))
    (tmp_path / "grants" / "g" / "1-x-y.answer").write_text("{")
    assert store.answers(GRANT) == (answer(2),)
    assert "1-x-y.answer" in caplog.text


def test_largest_checkpoint_that_a_tool_saw_is_remembered_beyond_the_grant(store: GrantStore) -> None:
    store.new(GRANT)
    for size in (9, 7):
        store.keep_answer(GRANT, SET, answer(1, size=size))
    store.wipe(GRANT)
    assert store.seen() == {f"{1:032x}": 9}


def test_wiping_overwrites_before_it_removes(
    store: GrantStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = store.new(GRANT).seed
    left = tmp_path / "left"

    def look(path: Path) -> None:
        left.write_bytes((path / "release.key").read_bytes())

    monkeypatch.setattr("access.grants.store.remove_tree", look)
    assert store.wipe(GRANT)
    assert left.read_bytes() == bytes(len(seed))


def test_wiped_grant_keeps_nothing(store: GrantStore) -> None:
    store.new(GRANT)
    assert store.grants() == [GRANT]
    assert store.wipe(GRANT)
    assert (store.grants(), store.answers(GRANT), store.wipe(GRANT)) == ([], (), False)
    with pytest.raises(GrantWiped):
        store.keep_answer(GRANT, SET, answer(1))


def test_store_that_was_never_used_is_empty(store: GrantStore) -> None:
    assert (store.grants(), store.seen()) == ([], {})


@pytest.mark.parametrize("content", ["[1]", "{", '{"k":"x"}', ""])
def test_broken_memory_is_told_and_counts_as_empty(
    store: GrantStore, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    store.new(GRANT)
    (tmp_path / "grants" / "seen.json").write_text(content)
    assert store.seen() == {}
    assert "seen.json" in caplog.text
    store.keep_answer(GRANT, SET, answer(1, size=9))
    assert store.seen() == {f"{1:032x}": 9}


def test_answers_to_footage_under_another_set_are_kept_apart(store: GrantStore) -> None:
    store.new(GRANT)
    store.keep_answer(GRANT, SET, answer(1))
    store.keep_answer(GRANT, OTHER, answer(2, kind=AnswerKind.KEYS))
    assert store.answers(GRANT, SET) == (answer(1),)
    assert store.answers(GRANT, OTHER) == (answer(2, kind=AnswerKind.KEYS),)
    assert len(store.answers(GRANT)) == 2
    assert store.sets_with_keys(GRANT) == 1
    store.keep_answer(GRANT, SET, answer(3, kind=AnswerKind.KEYS))
    assert store.sets_with_keys(GRANT) == 2
