"""An act on its way to the ledger, and an entry as the ledger has it. Pure."""

from dataclasses import dataclass, field
from typing import Final

from nvr.base.errors import EvidenceAtRisk
from nvr.base.ids import ActId
from nvr.base.jcs import Json
from storage.ledger.entries import ACCESS_TYPES, PERSON_TYPES, Actor, Entry, body_as_json, decode
from storage.ledger.machine import Body
from storage.register.personal import Personal

APPLIED_TYPES: Final = (PERSON_TYPES | ACCESS_TYPES) - {"denied"}
"""The types from which the register's tables follow."""


class AnotherEntry(EvidenceAtRisk):
    """The ledger answered an append with an entry that does not say what was proposed."""

    message_id = "another-entry"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One entry that is to be appended: its values were checked, nothing has happened yet.

    `act` is None for what access does on its own (`release`, `open`).
    """

    act: ActId | None
    actor: Actor
    body: Body
    personal: Personal = field(default_factory=Personal)

    def to_wire(self) -> dict[str, Json]:
        """The member of `append`'s `entries` (docs/design/processes.md)."""
        return {
            "t": self.body.t,
            "actor": {"id": self.actor.id, "role": self.actor.role},
            "act": self.act,
            "body": body_as_json(self.body),
        }


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with its index in the ledger."""

    index: int
    entry: Entry[Body]


def placed(index: int, leaf: bytes) -> Placed:
    """The entry whose exact bytes these are.

    Raises:
        storage.ledger.entries.EntryInvalid: they are not an entry that this program knows.
    """
    return Placed(index, decode(leaf))


def demand_same(proposal: Proposal, answer: Placed) -> None:
    """Check that the ledger took what was proposed.

    Raises:
        AnotherEntry: act, author or body differ.
    """
    entry = answer.entry
    if (entry.act, entry.actor, entry.body) != (proposal.act, proposal.actor, proposal.body):
        raise AnotherEntry(index=answer.index)
