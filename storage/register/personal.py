"""Personal values: the ledger holds their commitments, the register the values and salts, where they can be erased."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json
from storage.ledger.entries import Salted


class PersonalValueAltered(EvidenceAtRisk):
    """A clear value of the register is not the one to which the ledger committed; field `key` names it."""

    message_id = "personal-value-altered"


@dataclass(frozen=True, slots=True)
class Personal:
    """What the register keeps of an act beside its ledger entry.

    `committed` holds, by the key of the body, the values to which the body commits; `aside` holds values of which the
    ledger says nothing (a password's Argon2id hash). Both are empty once erased.
    """

    committed: Mapping[str, Salted] = field(default_factory=dict)
    aside: Mapping[str, Json] = field(default_factory=dict)

    def commitment(self, key: str) -> str | None:
        """What the body's key gets: null when there is no such value."""
        salted = self.committed.get(key)
        return None if salted is None else salted.commitment

    def value(self, key: str) -> Any:  # noqa: ANN401 -- text when committed, JSON when aside
        """The clear value, committed or aside; None when it was never given or is erased."""
        salted = self.committed.get(key)
        return self.aside.get(key) if salted is None else salted.value

    def check(self, body: Mapping[str, Json]) -> None:
        """Compare every committed value with the entry's body.

        Raises:
            PersonalValueAltered: one does not fit.
        """
        for key, salted in self.committed.items():
            if body.get(key) != salted.commitment:
                raise PersonalValueAltered(key=key)

    def to_json(self) -> dict[str, Json]:
        """As it is stored."""
        committed = {key: {"salt": salted.salt.hex(), "value": salted.value} for key, salted in self.committed.items()}
        return {"committed": committed, "aside": dict(self.aside)}


def salted(**values: str | None) -> dict[str, Salted]:
    """The values that were given, each with a fresh salt."""
    return {key: Salted.new(value) for key, value in values.items() if value is not None}


def personal_from_json(stored: Mapping[str, Any] | None) -> Personal:
    """What `to_json` stored; nothing when it was erased."""
    if stored is None:
        return Personal()
    committed = {key: Salted(bytes.fromhex(item["salt"]), item["value"]) for key, item in stored["committed"].items()}
    return Personal(committed, dict(stored["aside"]))
