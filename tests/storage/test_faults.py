"""Faults read as sentences where nobody asks for more, and give their text's id and values where somebody does."""

import json
from pathlib import Path

from nvr.base.errors import Retryable
from storage.faults import Fault, fault_json


def test_fault_is_its_error_in_the_log_and_its_id_and_values_in_the_answer() -> None:
    fault = Fault.of(Retryable("keyring-unreachable", place=Path("/srv/k"), count=2, why=None))
    assert fault == "keyring-unreachable: place=/srv/k, count=2, why=None"
    told = json.loads(json.dumps(fault_json(fault)))
    assert (told["id"], told["fields"]) == ("keyring-unreachable", {"place": "/srv/k", "count": 2, "why": None})


def test_sentence_without_a_text_is_answered_as_it_is() -> None:
    assert fault_json("bad sector") == {"what": "bad sector", "id": None, "fields": {}}
