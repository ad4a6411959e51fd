"""The formats of the ledger's values."""

import pytest
from pydantic import TypeAdapter, ValidationError

from storage.ledger import fields
from tests.storage.ledger.samples import KEY, SIGNATURE, hash_of, uuid


@pytest.mark.parametrize(
    ("adapter", "good", "bad"),
    [
        (TypeAdapter(fields.Name), ["a", "hall-1", "p_1.x", "0" * 63], ["", "-a", "A", "a b", "0" * 64, "a\n", "é"]),
        (
            TypeAdapter(fields.Uuid7),
            [uuid(1)],
            ["", uuid(1).upper(), uuid(1)[:-1], uuid(1).replace("7", "4"), uuid(1) + "\n"],
        ),
        (TypeAdapter(fields.RequisitionNumber), ["R-2026-000123"], ["R-2026-123", "r-2026-000123", "R-2026-0001234"]),
        (TypeAdapter(fields.Hash), [hash_of(1)], [hash_of(1)[:-1], "G" * 64, hash_of(10).upper()]),
        (TypeAdapter(fields.Public32), [KEY], [KEY[:-1], "=" * 44]),
        (TypeAdapter(fields.Signature), [SIGNATURE], [KEY, SIGNATURE + "\n"]),
        (TypeAdapter(fields.Base64), [KEY, "YQ=="], ["", "a b", "a" * 4097]),
        (TypeAdapter(fields.Text), ["", "rue de la République", "x" * 1000], ["x" * 1001, 7, None]),
        (TypeAdapter(fields.Count), [0, 2**53 - 1], [-1, 2**53, 1.0, True, "1"]),
        (TypeAdapter(fields.Whole), [-(2**53) + 1, 0], [2**53, -(2**53), 0.5]),
        (TypeAdapter(fields.Days), [0, 31], [-1, 32]),
    ],
)
def test_format_takes_the_good_and_refuses_the_bad(
    adapter: TypeAdapter[object], good: list[object], bad: list[object]
) -> None:
    for value in good:
        assert adapter.validate_python(value, strict=True) == value
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value, strict=True)


def test_part_can_not_be_changed_and_takes_no_unknown_key() -> None:
    class Example(fields.Part):
        count: fields.Count

    with pytest.raises(ValidationError):
        Example(count=1).count = 2  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Example.model_validate({"count": 1, "more": 2})
