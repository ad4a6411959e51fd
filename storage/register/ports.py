"""What the register needs of the keeper (docs/design/processes.md, socket `keeper`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from nvr.base.jcs import Json


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """An entry's index and its exact bytes."""

    index: int
    leaf: bytes


class RegisterLedger(Protocol):
    """The keeper, as the register sees it. Every call raises Retryable when the keeper does not answer."""

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> Sequence[StoredLeaf]:
        """Append a group, whole or not at all; an act that is there already is answered with what it has.

        Raises:
            Refused: the ledger takes no such entry; nothing was appended.
        """
        ...

    async def entries(self, from_index: int, limit: int) -> Sequence[StoredLeaf]:
        """At most `limit` entries from this index on; none when the ledger ends before it."""
        ...
