"""Everything that a verification can say has a text with the values that it is given."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import access.verification
from tests.texts import catalogue

ENGLISH = catalogue("en", "access", "verification")
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
        fields = {field for _, field, _, _ in string.Formatter().parse(ENGLISH[name].what) if field}
        assert fields <= values or "*" in values, name


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
