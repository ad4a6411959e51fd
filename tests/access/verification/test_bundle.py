"""A good bundle verifies; whatever is changed in it is found, and named by its file."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.signing import fingerprint, load_public_key
from access.verification.bundle import verify_bundle
from access.verification.report import Outcome
from access.verification.texts import render
from tests.access.footage import CAMERA, FRAME_US, PLACE, START_UTC_US, Town, codec_of, encode, records_of, signer
from tests.access.verification.bundles import copy_of, flip
from tests.contract.source import product, within


def files_of(bundle: Path) -> list[str]:
    return sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())


def test_good_bundle_passes_every_step(good: Path) -> None:
    report = verify_bundle(good)
    assert [(step.number, step.id, step.outcome) for step in report.steps] == [
        (number, name, Outcome.GOOD)
        for number, name in enumerate(
            ["files", "signature", "checkpoints", "inclusion", "scope", "packets", "times", "complete", "sums"], 1
        )
    ]
    assert report.ok
    assert report.limits == ("not-pinned", "log-not-pinned")


def test_place_that_was_entered_later_is_named_and_the_bundle_stays_good(town: Town) -> None:
    sets, units = encode(50)
    town.seal(records_of(units), codec_of(sets))
    release = town.grant(START_UTC_US + 5 * FRAME_US, START_UTC_US + 9 * FRAME_US)
    late = replace(PLACE, entered_late=True)
    grant = replace(release.grant, places={CAMERA: [late]})
    report = verify_bundle(town.export(replace(release, grant=grant)).path)
    assert report.ok
    assert report.steps[4].facts["entered_later"] == f"{CAMERA} ({PLACE.text})"
    assert "places-entered-late" in report.limits
    assert "saisi après coup" in render(report, "fr")


@pytest.mark.parametrize("at", [0, "middle", -1], ids=["first", "middle", "last"])
def test_one_flipped_byte_in_any_file_names_that_file(good: Path, tmp_path: Path, at: int | str) -> None:
    blamed = {}
    for number, name in enumerate(files_of(good)):
        bundle = copy_of(good, tmp_path / str(number))
        size = (bundle / name).stat().st_size
        flip(bundle / name, size // 2 if isinstance(at, str) else at)
        blamed[name] = name in {found.file for found in verify_bundle(bundle).findings}
    assert len(blamed) == 1 + 2 * 6 + 2 + 2 + 4
    assert all(blamed.values()), [name for name, named in blamed.items() if not named]


@given(data=st.data())
def test_any_change_of_any_byte_is_found(
    good: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(files_of(good)))
    size = (good / name).stat().st_size
    bundle = copy_of(good, tmp_path_factory.mktemp("changed"))
    flip(bundle / name, data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, 255)))
    report = verify_bundle(bundle)
    shutil.rmtree(bundle)
    assert not report.ok
    assert name in {found.file for found in report.findings}


@given(data=st.data())
def test_any_file_cut_short_is_found(good: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(files_of(good)))
    content = (good / name).read_bytes()
    bundle = copy_of(good, tmp_path_factory.mktemp("cut"))
    (bundle / name).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    report = verify_bundle(bundle)
    shutil.rmtree(bundle)
    assert name in {found.file for found in report.findings}


def test_any_missing_file_is_named(good: Path, tmp_path: Path) -> None:
    for number, name in enumerate(files_of(good)):
        bundle = copy_of(good, tmp_path / str(number))
        (bundle / name).unlink()
        assert name in {found.file for found in verify_bundle(bundle).findings}


@pytest.mark.parametrize("name", ["note.txt", "video/more.mp4", ".hidden", "proofs/records/other.json"])
def test_file_that_does_not_belong_is_named(good: Path, tmp_path: Path, name: str) -> None:
    bundle = copy_of(good, tmp_path)
    (bundle / name).write_bytes(b"x")
    found = {(one.id, one.file) for one in verify_bundle(bundle).findings}
    assert ("file-extra", name) in found


def test_link_in_place_of_a_file_is_named(good: Path, tmp_path: Path) -> None:
    bundle = copy_of(good, tmp_path)
    (bundle / "LISEZMOI.txt").unlink()
    (bundle / "LISEZMOI.txt").symlink_to(good / "LISEZMOI.txt")
    found = {(one.id, one.file) for one in verify_bundle(bundle).findings}
    assert ("not-a-file", "LISEZMOI.txt") in found


def test_every_step_runs_although_the_first_found_something(good: Path, tmp_path: Path) -> None:
    bundle = copy_of(good, tmp_path)
    flip(bundle / "LISEZMOI.txt", 0)
    assert [step.outcome for step in verify_bundle(bundle).steps] == [
        Outcome.BAD,
        *[Outcome.GOOD] * 7,
        Outcome.BAD,
    ]


def test_pinned_keys_are_compared(good: Path) -> None:
    told = {step.id: step.facts.get("fingerprint") for step in verify_bundle(good).steps}
    export, log = str(told["signature"]), str(told["checkpoints"])
    assert export == fingerprint(load_public_key(signer().public_pem))
    spaced = ":".join(export[at : at + 2] for at in range(0, 64, 2)).upper()
    assert verify_bundle(good, fingerprint=spaced, log_key=log).ok
    assert verify_bundle(good, fingerprint=spaced, log_key=log).limits == ()
    wrong = verify_bundle(good, fingerprint=log, log_key=export)
    assert {(one.id, one.file) for one in wrong.findings} == {
        ("other-key", "keys/export.pub"),
        ("other-key", "keys/log.pub"),
    }


def test_directory_that_is_no_bundle_is_not_good(tmp_path: Path) -> None:
    report = verify_bundle(tmp_path)
    assert not report.ok
    assert "manifest.json" in {found.file for found in report.findings}


def test_report_is_json(good: Path) -> None:
    told = json.loads(json.dumps(verify_bundle(good).to_json()))
    assert (told["kind"], told["ok"], len(told["steps"])) == ("bundle", True, 9)


@pytest.mark.parametrize("module", ["bundle", "segment", "ledger"])
@pytest.mark.parametrize("library", ["av", "cv2", "fastapi", "sqlalchemy"])
def test_verification_needs_no_decoder_and_no_register(module: str, library: str) -> None:
    loaded = product().loaded_by(f"access.verification.{module}")
    assert not [path for name, path in loaded.items() if within(name, library)]
