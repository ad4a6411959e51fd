from pathlib import Path

import pytest

from access.grants.custodians import CustodianSets, SetUnknown
from storage.vault.seats import SignedSet
from tests.storage.sealed import custodians


def test_set_that_is_no_longer_in_force_is_still_found(tmp_path: Path) -> None:
    published = tmp_path / "custodians.json"
    sets = CustodianSets(published, tmp_path / "kept")
    first, second = custodians().set, custodians(number=2).set
    published.write_bytes(SignedSet(first).pack())
    assert sets.keep_published() == first
    published.write_bytes(SignedSet(second).pack())
    assert (sets.find(second.hash), sets.find(first.hash)) == (second, first)


def test_set_of_which_nothing_is_left_is_named(tmp_path: Path) -> None:
    sets = CustodianSets(tmp_path / "custodians.json", tmp_path / "kept")
    assert sets.keep_published() is None
    with pytest.raises(SetUnknown, match="0000"):
        sets.find(bytes(32))


def test_kept_copy_that_was_swapped_is_not_believed(tmp_path: Path) -> None:
    sets = CustodianSets(tmp_path / "custodians.json", tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    wanted, other = custodians().set, custodians(number=2).set
    (tmp_path / "kept" / f"{wanted.hash.hex()}.json").write_bytes(SignedSet(other).pack())
    with pytest.raises(SetUnknown):
        sets.find(wanted.hash)
