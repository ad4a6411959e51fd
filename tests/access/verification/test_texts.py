"""Everything that a verification can say has a text with the values that it is given."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import access.verification
from access.verification.bundle import verify_bundle
from access.verification.english import ENGLISH
from access.verification.french import FRENCH
from access.verification.report import Outcome, Report, Step, finding
from access.verification.texts import TEXTS, render

PACKAGE = Path(str(access.verification.__file__)).parent


def told() -> Iterator[tuple[str, set[str]]]:
    """Each finding that the code can make, with the names of its values."""
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="finding"), args=[ids, *_], keywords=keywords):
                    names = {keyword.arg or "*" for keyword in keywords}
                    for one in ast.walk(ids):
                        if isinstance(one, ast.Constant) and isinstance(one.value, str):
                            yield one.value, names


def test_every_finding_has_its_text_and_the_text_its_values() -> None:
    found = list(told())
    assert len(found) > 40
    for name, values in found:
        fields = {field for _, field, _, _ in string.Formatter().parse(ENGLISH[name]) if field}
        assert fields <= values or "*" in values, name


def fields(text: str) -> list[str]:
    return sorted(field for _, field, _, _ in string.Formatter().parse(text) if field)


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    assert FRENCH.keys() == ENGLISH.keys()
    assert {name: fields(text) for name, text in FRENCH.items()} == {
        name: fields(text) for name, text in ENGLISH.items()
    }


def test_report_is_told_in_french(bundle: Path) -> None:
    (bundle / "LISEZMOI.txt").unlink()
    text = render(verify_bundle(bundle), TEXTS["fr"])
    assert text.splitlines()[0].endswith("NON CONFORME : voir ce qui est marqué ci-dessous.")
    assert "[FAUX] 1. Les fichiers sont ceux que liste le manifeste" in text
    assert "         LISEZMOI.txt est absent\n" in text


@pytest.mark.parametrize(
    "message_id",
    [
        "manifest-invalid",
        "key-unusable",
        "signature-invalid",
        "note-invalid",
        "proof-invalid",
        "entry-invalid",
        "ledger-damaged",
        "segment-damaged",
        "wrong-record-key",
        "record-forged",
        "box-damaged",
        "codec-unknown",
    ],
)
def test_every_error_of_storage_that_becomes_a_finding_has_its_text(message_id: str) -> None:
    assert message_id in ENGLISH


def test_good_report_says_so_first_and_names_what_can_not_be_known(good: Path) -> None:
    text = render(verify_bundle(good))
    assert text.splitlines()[0].endswith("GOOD: every check passed.")
    assert text.count("[ ok ]") == 9
    assert "not compared with a published fingerprint" in text


def test_bad_report_names_file_and_fault(bundle: Path) -> None:
    (bundle / "LISEZMOI.txt").unlink()
    text = render(verify_bundle(bundle))
    assert "NOT GOOD" in text.splitlines()[0]
    assert "         LISEZMOI.txt is missing\n" in text


def test_value_that_a_finding_lacks_does_not_hide_it() -> None:
    step = Step(1, "files", Outcome.BAD, (finding("file-unreadable", "a"),), {"files": 3, "pinned": True})
    text = render(Report("bundle", "x", (step,)))
    assert "[FAIL] 1. Files are those that the manifest lists (files 3)" in text
    assert "a can not be read: why" in text
