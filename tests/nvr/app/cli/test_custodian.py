"""What a custodian sees before an answer is made: the grant that the ledger proves, and nothing that a server says."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from nvr.app.cli import custodian
from nvr.app.cli.custodian_scope import scope_fields
from nvr.app.pins import PinFile, pins_beside, read_pins
from nvr.base.catalogue import Language
from nvr.base.clock import SimClock
from nvr.base.jcs import canonical
from storage.ledger.entries import Salted
from storage.vault.keyfile import CustodianKeys, lock
from storage.vault.sitting import pack_sitting, parse_answers
from tests.storage.sealed import NOW_US, ORIGIN, seed
from tests.storage.vault.granted import LOG_KEY, Case
from tests.storage.vault.sittings import grants_of
from tests.texts import catalogue

PASSPHRASE = "correct horse battery"
MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US


@dataclass
class Desk:
    """A custodian's machine: the grant file that came, the key with its pins, where the answer goes."""

    folder: Path
    case: Case

    def __post_init__(self) -> None:
        holder = self.case.people.holders[0]
        keys = CustodianKeys("Mme Petit", holder.pair, seed("sign", 1, 1))
        self.key = self.folder / "petit.key"
        self.key.write_bytes(lock(keys, PASSPHRASE))
        self.out = self.folder / "answer.json"
        PinFile(ORIGIN, LOG_KEY.public_key().public_bytes_raw(), (self.case.people.set.hash,)).write(
            pins_beside(self.key)
        )
        (self.folder / "passphrase").write_text(f"{PASSPHRASE}\n")

    def open(self, *options: str, said: str = "", **server: str) -> Result:
        """The command over the case's file; `server` are members that a server put into it."""
        body = json.loads(self.case.file().pack())
        return self.run(canonical({**body, **server}), *options, said=said)

    def sit(self, *options: str, said: str = "", bend: Callable[[dict[str, Any]], None] | None = None) -> Result:
        """The command over a sitting of three grants; `bend` spoils what a server put into it."""
        body = json.loads(pack_sitting(grants_of(self.case, 3)))
        if bend is not None:
            bend(body)
        return self.run(canonical(body), *options, said=said)

    def run(self, content: bytes, *options: str, said: str = "") -> Result:
        (self.folder / "grant.json").write_bytes(content)
        arguments = ["open", "grant.json", "--key", "petit.key", "--out", "answer.json"]
        paths = [str(self.folder / word) if "." in word else word for word in arguments]
        secret = ["--passphrase-file", str(self.folder / "passphrase")]
        return CliRunner().invoke(custodian.app, [*paths, *secret, *options], input=said)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(custodian, "SystemClock", lambda: SimClock(NOW_US))
    return Desk(tmp_path, Case(from_utc_us=NOW_US - 21 * DAY_US, to_utc_us=NOW_US + 10_000_000))


def test_custodian_sees_the_proven_interval_and_not_what_the_server_says(desk: Desk) -> None:
    done = desk.open("--yes", scope_fr="1 caméra, 5 min", scope_en="1 camera, 5 min")
    assert done.exit_code == 0
    assert "5 min" not in done.stdout
    assert "21 d 10 s" in done.stdout
    for value in ("place-mairie", "R-2026-000123", "officer.durand", "officer.petit", "valideur", "4 records"):
        assert value in done.stdout


def test_json_shows_the_scope_and_asks_before_it_answers(desk: Desk) -> None:
    refused = desk.open("--json", said="n\n")
    assert refused.exit_code == 1
    assert "21 d 10 s" in refused.stderr
    assert not desk.out.exists()
    agreed = desk.open("--json", said="y\n")
    assert agreed.exit_code == 0
    assert json.loads(agreed.stdout.splitlines()[-1])["kind"] == "shares"


def test_yes_answers_without_a_question(desk: Desk) -> None:
    done = desk.open("--json", "--yes")
    assert json.loads(done.stdout)["answer"] == str(desk.out)
    assert "21 d 10 s" in done.stderr


@pytest.mark.parametrize("language", ["fr", "en"])
def test_scope_says_local_time_with_its_offset_in_both_languages(language: Language) -> None:
    fields = scope_fields(Case().verified(), ZoneInfo("Europe/Paris"))
    text = "\n".join(catalogue(language)["grant-scope"].lines(fields))
    assert str(fields["from_local"]).endswith(("+01:00", "+02:00"))
    for value in fields.values():
        assert str(value) in text


def test_check_of_the_validator_can_not_write_over_the_lines_above(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Salted.new("\x1b[5A1 camera\r\n5 min")
    case = Case(checked=said)
    body = case.grant_body().model_copy(update={"checked": said.commitment})
    monkeypatch.setattr(case, "grant_body", lambda: body)
    checked = str(scope_fields(case.verified())["checked"])
    assert "1 camera" in checked
    assert checked.isprintable()


def test_check_that_was_erased_is_shown_as_absent() -> None:
    assert scope_fields(Case(checked=None).verified())["checked"] == "-"


def no_proof(body: dict[str, Any]) -> None:
    body["files"][1]["file"]["proofs"]["grant"]["path"] = []


def test_every_grant_of_a_sitting_is_shown_and_answered_into_one_file(desk: Desk) -> None:
    done = desk.sit("--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("21 d 10 s") == 3
    assert len(parse_answers(desk.out.read_bytes())) == 3
    last = read_pins(pins_beside(desk.key).read_bytes()).last
    assert last is not None
    assert last.size == len(desk.case.log.entries)


def test_custodian_agrees_to_each_grant_of_a_sitting_alone(desk: Desk) -> None:
    done = desk.sit("--json", said="y\nn\ny\n")
    assert done.exit_code == 0, done.output
    answered = json.loads(done.stdout.splitlines()[-1])["answers"]
    made = [named.grant for named, _ in parse_answers(desk.out.read_bytes())]
    assert [one["grant"] for one in answered] == made
    assert len(made) == 2
    assert "21 d 10 s" in done.stderr


def test_bad_grant_of_a_sitting_is_named_and_the_others_are_answered_with_exit_code_1(desk: Desk) -> None:
    done = desk.sit("--yes", "--json", bend=no_proof)
    assert done.exit_code == 1
    told = json.loads(done.stdout.splitlines()[-1])
    assert (len(told["answers"]), [one["why"] for one in told["refused"]]) == (2, ["proof-invalid"])
    assert told["refused"][0]["grant"] in done.stderr
    assert len(parse_answers(desk.out.read_bytes())) == 2


def test_sitting_of_which_nothing_is_answered_writes_no_file_and_sees_nothing(desk: Desk) -> None:
    before = pins_beside(desk.key).read_bytes()
    done = desk.sit(said="n\nn\nn\n")
    assert (done.exit_code, desk.out.exists()) == (1, False)
    assert pins_beside(desk.key).read_bytes() == before


def test_key_without_a_seat_is_told_for_each_grant_and_asks_for_no_passphrase(desk: Desk) -> None:
    stranger = CustodianKeys.generate("X")
    desk.key.write_bytes(lock(stranger, "another"))
    done = desk.sit("--yes", "--json")
    assert done.exit_code == 1
    assert [one["why"] for one in json.loads(done.stdout)["refused"]] == ["not-your-seat"] * 3
