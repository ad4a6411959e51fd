"""Two requisitions in one sitting, by the real programs: the validator's own seat in one gesture, then one more."""

import json
from pathlib import Path
from typing import Any

import pytest

from nvr.app.demo.processes import DemoFailed
from nvr.app.demo.story import _custodian, _iso, _typed_from
from nvr.base.units import US_PER_SECOND
from tests.acceptance.conftest import Town

pytestmark = pytest.mark.timeout(300)


def key_of(town: Town, seat: int) -> tuple[str, ...]:
    """The options that bring a seat's key."""
    key = town.stage.custodians / f"seat-{seat}.key"
    passphrase = town.stage.folder / "passwords" / f"seat-{seat}"
    passphrase.touch(mode=0o600)
    passphrase.write_text(f"{_typed_from(key.with_suffix('.txt').read_text())}\n")
    return "--key", str(key), "--passphrase-file", str(passphrase)


def asked(town: Town, camera: str, begin_us: int, end_us: int) -> str:
    answer = town.stage.processes.answer(
        "export",
        *town.stage.as_person("officer"),
        *("requisition", "new", "--camera", camera, "--from", _iso(begin_us), "--to", _iso(end_us)),
        *("--asked-by", "OPJ Bernard"),
    )
    return str(answer["requisition"])


def validated(town: Town, number: str, *more: str) -> dict[str, Any]:
    made: dict[str, Any] = town.stage.processes.answer(
        "export",
        *town.stage.as_person("validator"),
        *("requisition", "validate", number, "--authority-number", "PV 7", "--basis", "60-1"),
        *("--checked", "call back", *more),
    )
    return made


def test_two_requisitions_open_in_one_sitting_after_the_validators_own_gesture(town: Town, tmp_path: Path) -> None:
    stage, officer = town.stage, town.stage.as_person("officer")
    begin_us = stage.clock.utc_us()
    stage.wait(5)
    end_us = begin_us + 4 * US_PER_SECOND
    first, second = asked(town, "cam1", begin_us, end_us), asked(town, "cam2", begin_us, end_us)

    # The validator was cut off after the validation: the same command, now with the key at hand, goes on.
    grant = validated(town, first)["grant"]
    taken = validated(town, first, *key_of(town, 1), "--yes")
    assert [(one["grant"], one["state"], one["seats"]) for one in taken["answers"]] == [(grant, "collecting", [1])]
    (other,) = validated(town, second, *key_of(town, 1), "--yes")["answers"]
    assert (other["state"], other["seats_missing"]) == ("collecting", 1)

    sitting = tmp_path / "sitting.json"
    with town.without("access"), pytest.raises(DemoFailed):  # what came is on the disk
        stage.processes.run("export", *officer, "sitting", "file", "--out", str(sitting))
    assert not sitting.exists()
    listed = stage.processes.answer("export", *officer, "sitting", "file", "--out", str(sitting))
    assert {one["requisition"] for one in listed["grants"]} == {first, second}
    _custodian(stage, 2, sitting, tmp_path / "answer.json")
    opened = stage.processes.answer("export", *officer, "sitting", "answer", str(tmp_path / "answer.json"))
    assert {one["grant"]: one["state"] for one in opened["answers"]} == dict.fromkeys((grant, other["grant"]), "open")
    shown = stage.processes.answer("export", *officer, "requisition", "show", first)
    assert {(used["seat"], used["key"]) for used in shown["grant"]["used"]} == {(1, "envelope"), (2, "envelope")}

    bundle = tmp_path / "bundle"
    stage.processes.run("export", *officer, "export", first, "--out", str(bundle))
    assert stage.processes.answer("nvr", "verify", str(bundle))["ok"]
    stage.processes.run("export", *stage.as_person("validator"), "grant", "revoke", grant, "--reason", "withdrawn")
    with pytest.raises(DemoFailed, match="denied-grant-revoked"):
        stage.processes.run("export", *officer, "export", first, "--out", str(tmp_path / "again"))
    stage.processes.run("export", *officer, "export", second, "--out", str(tmp_path / "second"))
    manifest = json.loads((tmp_path / "second" / "manifest.json").read_text())
    assert manifest["grant"]["seats"] == [1, 2]
