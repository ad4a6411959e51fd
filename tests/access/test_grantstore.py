from pathlib import Path

import pytest

from access.grantstore import GrantStore, GrantWiped
from nvr.base.errors import EvidenceAtRisk
from nvr.base.ids import GrantId
from storage.vault.answer import Answer, AnswerKind

GRANT = GrantId("g")


def answer(seat: int, size: int = 7) -> Answer:
    return Answer(bytes(32), seat, f"{seat:032x}", AnswerKind.SHARES, (), size, bytes(32))


@pytest.fixture
def store(tmp_path: Path) -> GrantStore:
    return GrantStore(tmp_path / "grants")


def test_release_key_is_kept_for_access_alone(store: GrantStore, tmp_path: Path) -> None:
    pair = store.new(GRANT)
    assert store.release_key(GRANT) == pair
    assert (tmp_path / "grants" / "g" / "release.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "grants" / "g").stat().st_mode & 0o777 == 0o700


def test_answers_are_kept_by_seat_and_a_second_takes_the_firsts_place(store: GrantStore) -> None:
    store.new(GRANT)
    for one in (answer(3), answer(1), answer(1, size=9)):
        store.keep_answer(GRANT, one)
    assert store.answers(GRANT) == (answer(1, size=9), answer(3))


def test_largest_checkpoint_that_a_tool_saw_is_remembered_beyond_the_grant(store: GrantStore) -> None:
    store.new(GRANT)
    for size in (9, 7):
        store.keep_answer(GRANT, answer(1, size=size))
    store.wipe(GRANT)
    assert store.seen() == {f"{1:032x}": 9}


def test_wiping_overwrites_before_it_removes(
    store: GrantStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = store.new(GRANT).seed
    left = tmp_path / "left"

    def look(path: Path) -> None:
        left.write_bytes((path / "release.key").read_bytes())

    monkeypatch.setattr("access.grantstore.remove_tree", look)
    assert store.wipe(GRANT)
    assert left.read_bytes() == bytes(len(seed))


def test_wiped_grant_keeps_nothing(store: GrantStore) -> None:
    store.new(GRANT)
    assert store.grants() == [GRANT]
    assert store.wipe(GRANT)
    assert (store.grants(), store.answers(GRANT), store.wipe(GRANT)) == ([], (), False)
    with pytest.raises(GrantWiped):
        store.keep_answer(GRANT, answer(1))


def test_store_that_was_never_used_is_empty(store: GrantStore) -> None:
    assert (store.grants(), store.seen()) == ([], {})


def test_broken_memory_is_said(store: GrantStore, tmp_path: Path) -> None:
    store.new(GRANT)
    (tmp_path / "grants" / "seen.json").write_text("[1]")
    with pytest.raises(EvidenceAtRisk, match=r"seen\.json"):
        store.seen()
