"""The folder on the medium: what is a set, and what goes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import US_PER_DAY
from storage.backup.folder import (
    NoBackupFolder,
    _name,
    begin_set,
    check_folder,
    create_folder,
    finish_set,
    outdated,
    remove_keys,
    remove_set,
    remove_unfinished,
    sets_in,
)
from storage.backup.manifest import KEY_LIST, KEYS, MANIFEST

NOW_US = 1_790_000_000_000_000


def whole(folder: Path, days_ago: int = 0) -> Path:
    begun = begin_set(folder, NOW_US - days_ago * US_PER_DAY)
    (begun / MANIFEST).touch()
    (begun / KEY_LIST).touch()
    return finish_set(begun).path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_folder(tmp_path / "medium", "ville.example/1")
    return tmp_path / "medium"


def test_folder_with_anything_in_it_does_not_become_one(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.jpg").touch()
    for taken in (tmp_path / "photos", folder):
        with pytest.raises(NoBackupFolder):
            create_folder(taken, "ville.example/1")
    with pytest.raises(NoBackupFolder):
        check_folder(tmp_path / "photos")
    assert check_folder(folder) == "ville.example/1"


def test_what_is_begun_is_no_set_until_it_has_its_name(folder: Path) -> None:
    begun = begin_set(folder, NOW_US)
    (begun / MANIFEST).touch()
    assert sets_in(folder) == []
    done = finish_set(begun)
    assert sets_in(folder) == [done] or [one.path for one in sets_in(folder)] == [done.path]


def test_what_was_begun_or_half_removed_goes_and_whole_sets_stay(folder: Path) -> None:
    without_list = whole(folder, 3)
    (without_list / KEY_LIST).unlink()
    half = whole(folder, 2)
    stays = whole(folder)
    (half / MANIFEST).unlink()
    begin_set(folder, NOW_US + US_PER_DAY)
    assert remove_unfinished(folder) == 2
    assert [one.path for one in sets_in(folder)] == [without_list, stays]
    assert not (without_list / KEYS).exists()
    assert (stays / KEYS).exists()


def test_keys_and_sets_are_removed_whole(folder: Path) -> None:
    path = whole(folder)
    (one,) = sets_in(folder)
    remove_keys(one)
    assert sorted(left.name for left in path.iterdir()) == [MANIFEST]
    assert not sets_in(folder)[0].has_keys
    remove_set(one)
    assert not path.exists()


@given(st.lists(st.integers(0, 60), unique=True), st.integers(1, 40))
def test_newest_stays_and_of_the_others_none_beyond_the_number_or_the_days(ages: list[int], keep: int) -> None:
    names = {age: begin_name(age) for age in sorted(ages, reverse=True)}
    gone = outdated(list(names.values()), NOW_US, keep)
    left = [age for age, name in names.items() if name not in gone]
    assert len(left) <= keep
    assert min(ages, default=0) in left or not ages
    assert all(age <= 32 or age == min(ages) for age in left)
    assert all(age > 32 or sum(other < age for other in ages) >= keep for age in ages if age not in left)


def begin_name(days_ago: int) -> str:

    return _name(NOW_US - days_ago * US_PER_DAY)


def test_newest_set_has_the_last_name_though_the_clock_went_back(folder: Path) -> None:
    first = whole(folder)
    again, earlier = whole(folder), whole(folder, 3)
    assert [one.path for one in sets_in(folder)] == [first, again, earlier]
