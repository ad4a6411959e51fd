"""Where the list of hashes and the files disagree, other evidence says which of them is wrong."""

from pathlib import Path

import pytest

from access.verification.bundle import verify_bundle
from tests.access.verification.bundles import change_json, flip, sign_again


def found_in(bundle: Path) -> set[tuple[str, str]]:
    return {(one.id, one.file) for one in verify_bundle(bundle).findings}


def test_list_is_wrong_where_the_file_is_vouched_for(bundle: Path) -> None:
    flip(bundle / "manifest-sha256.txt", 0)
    assert found_in(bundle) == {("sum-wrong", "manifest-sha256.txt")}


def test_line_for_a_file_that_is_not_there_is_told(bundle: Path) -> None:
    with (bundle / "manifest-sha256.txt").open("a") as sums:
        sums.write(f"{'0' * 64}  other.txt\n")
    assert found_in(bundle) == {("sum-extra", "manifest-sha256.txt")}


def test_file_is_wrong_where_the_manifest_says_so_too(bundle: Path) -> None:
    flip(bundle / "LISEZMOI.txt", 0)
    assert found_in(bundle) == {("file-changed", "LISEZMOI.txt"), ("sum-differs", "LISEZMOI.txt")}


def test_manifest_signed_by_nobody_is_told_by_signature_list_and_ledger(bundle: Path) -> None:
    change_json(bundle / "manifest.json", lambda manifest: manifest["requisition"]["facts"].clear())
    assert found_in(bundle) == {
        ("signature-invalid", "manifest.sig"),
        ("entry-differs", "proofs/export.json"),
        ("sum-differs", "manifest.json"),
    }


def test_manifest_signed_anew_with_the_stolen_key_is_told_by_the_ledger(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["requisition"]["facts"].clear())
    assert found_in(bundle) == {("entry-differs", "proofs/export.json")}


@pytest.mark.parametrize("key", ["keys/export.pub", "keys/log.pub"])
@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"])
def test_unusable_key_is_told_by_name(bundle: Path, key: str, content: bytes) -> None:
    (bundle / key).write_bytes(content)
    assert ("key-unusable", key) in found_in(bundle)
