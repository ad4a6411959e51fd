"""A bundle that says something else than the ledger is found out, whoever signed it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access.verification.bundle import verify_bundle
from tests.access.footage import START_UTC_US, Town
from tests.access.verification.bundles import change_json, make_bundle, sign_again


def found_in(bundle: Path) -> set[tuple[str, str]]:
    return {(one.id, one.file) for one in verify_bundle(bundle).findings}


GRANT = {
    "cameras": lambda grant: grant.update(cameras=["gare", "place-mairie"]),
    "from": lambda grant: grant.update(from_utc_us=START_UTC_US),
    "validity": lambda grant: grant.update(valid_until_utc_us=2**52),
    "opener": lambda grant: grant.update(opener="officier.faux"),
    "index": lambda grant: grant.update(ledger_index=1),
}


@pytest.mark.parametrize("change", GRANT.values(), ids=GRANT)
def test_grant_told_otherwise_than_logged_is_named(bundle: Path, change: Callable[[Any], None]) -> None:
    sign_again(bundle, lambda manifest: change(manifest["grant"]))
    assert ("entry-differs", "proofs/grant.json") in found_in(bundle)


def test_seats_told_otherwise_than_logged_are_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["grant"].update(seats=[1, 2, 3]))
    assert ("entry-differs", "proofs/open.json") in found_in(bundle)


def test_segment_that_was_not_released_is_named(bundle: Path) -> None:
    sign_again(
        bundle, lambda manifest: manifest["items"][0]["segments"][0].update(seg=f"{'0' * 12}7{'0' * 3}8{'0' * 15}")
    )
    assert "not-released" in {one for one, _ in found_in(bundle)}


def test_footage_of_several_releases_is_proven_by_all_of_them(town: Town) -> None:
    bundle = make_bundle(town, per_release=1)
    assert verify_bundle(bundle).ok, verify_bundle(bundle).findings
    assert (bundle / "proofs" / "release-2.json").is_file()
    sign_again(bundle, lambda manifest: manifest["grant"]["release_indices"].pop())
    assert "not-released" in {one for one, _ in found_in(bundle)}


def test_release_of_another_grant_is_named(bundle: Path) -> None:
    for suffix in (".json", ".tlog-proof"):
        other = (bundle / "proofs" / f"grant{suffix}").read_bytes()
        (bundle / "proofs" / f"release-1{suffix}").write_bytes(other)
    sign_again(bundle)
    assert ("entry-differs", "proofs/release-1.json") in found_in(bundle)


def test_root_told_otherwise_than_sealed_is_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["items"][0]["segments"][0].update(root="0" * 64))
    found = found_in(bundle)
    assert "entry-differs" in {one for one, file in found if file.startswith("proofs/seal-")}
    assert "root-differs" in {one for one, file in found if file.startswith("proofs/records/")}


def test_entry_that_is_not_in_the_ledger_is_named(bundle: Path) -> None:
    change_json(bundle / "proofs" / "grant.json", lambda entry: entry["body"].update(opener="officier.faux"))
    sign_again(bundle, lambda manifest: manifest["grant"].update(opener="officier.faux"))
    assert ("not-in-ledger", "proofs/grant.json") in found_in(bundle)


def test_proof_of_another_entry_is_named(bundle: Path) -> None:
    for suffix in (".json", ".tlog-proof"):
        other = (bundle / "proofs" / f"grant{suffix}").read_bytes()
        (bundle / "proofs" / f"open{suffix}").write_bytes(other)
    sign_again(bundle)
    assert ("entry-differs", "proofs/open.json") in found_in(bundle)


def test_checkpoint_of_another_state_than_the_manifest_names_is_told(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["logs"][0].update(root="0" * 64))
    assert ("other-checkpoint", "proofs/grant.tlog-proof") in found_in(bundle)


def test_key_of_another_log_is_told(town: Town, bundle: Path) -> None:
    (bundle / "keys" / "log.pub").write_bytes((make_bundle(town) / "keys" / "log.pub").read_bytes())
    sign_again(bundle)
    found = found_in(bundle)
    assert ("log-key-differs", "keys/log.pub") in found
    assert ("note-invalid", "proofs/grant.tlog-proof") in found
