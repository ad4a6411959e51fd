"""What persons may tell: nothing personal in clear, and answers from a short list."""

import pytest
from pydantic import ValidationError

from storage.ledger import people
from tests.storage.ledger.samples import ENTRIES


@pytest.mark.parametrize(
    ("t", "field"),
    [
        ("account", "person"),
        ("account", "service"),
        ("account", "designation"),
        ("req", "authority"),
        ("req", "authority_number"),
        ("req", "requester"),
        ("req", "document"),
    ],
)
def test_personal_value_in_clear_is_refused(t: str, field: str) -> None:
    body = ENTRIES[t].body
    with pytest.raises(ValidationError):
        type(body).model_validate(body.model_dump() | {field: "Agn\u00e8s Martin"})


def test_answer_gives_each_camera_one_of_four_reasons() -> None:
    for reason in ("destroyed", "lost", "never recorded", "no camera there"):
        people.NoImage.model_validate({"camera": "hall-1", "reason": reason})
    with pytest.raises(ValidationError):
        people.NoImage.model_validate({"camera": "hall-1", "reason": "too old"})


def test_coordinates_are_on_earth() -> None:
    point = ENTRIES["point"].body.model_dump()
    with pytest.raises(ValidationError):
        people.Point.model_validate(point | {"lat_e7": 900_000_001})
