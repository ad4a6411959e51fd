"""A ledger that is shorter than it was: how the keeper finds out, and what it then asks for (docs/design/backup.md).

The newest checkpoint stands in every place of the keyring, on other disks than the ledger. One that the tree does not
contain, and that no `continue` declares, says that the ledger is an old copy.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.errors import EvidenceAtRisk, Refused, Retryable
from nvr.base.jcs import canonical
from nvr.base.units import US_PER_SECOND
from storage.durable import replace_file
from storage.keyring.places import check_place
from storage.ledger.note import Checkpoint, NoteInvalid, open_checkpoint

MARK_NAME: Final = "ledger.checkpoint"
RESTORED_NAME: Final = "restored.json"
RESUME_US: Final = 3600 * US_PER_SECOND
"""So long after a `continue` nothing is destroyed: holds of the lost span are entered again meanwhile."""


class LedgerRestored(Refused):
    """The ledger is an old copy, and nobody has declared it: no act is taken."""

    message_id = "ledger-restored"


class LedgerHalted(Retryable):
    """The same for what the machine has to tell: it waits."""

    message_id = "ledger-restored"


class NotRestored(Refused):
    """There is nothing to declare, or something else than what is said."""

    message_id = "ledger-not-restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore put there: the ledger's size and root, from which backup, when."""

    size: int
    root: str
    set_name: str
    made_utc_us: int
    restored_utc_us: int


@dataclass(frozen=True, slots=True)
class Break:
    """What has to be declared: what the tree is, and what is known to have been there."""

    size: int
    root: str
    kept: str | None
    """The newest checkpoint of this tree."""
    seen: str | None
    """The newest checkpoint that was found elsewhere and that this tree does not contain."""
    from_utc_us: int
    """The time of the last entry that is there."""
    backup_utc_us: int | None
    """When the backup was made that was restored; None: nobody knows how the ledger became shorter."""


def write_restored(ledger: Path, restored: Restored) -> None:
    """Note beside the ledger that it was restored."""
    replace_file(ledger / RESTORED_NAME, canonical({"v": 1, **asdict(restored)}))


def read_restored(ledger: Path) -> Restored | None:
    """What was restored; None where nothing was. Raises EvidenceAtRisk: the note can not be read."""
    try:
        body = json.loads((ledger / RESTORED_NAME).read_bytes())
        if body.pop("v") != 1:
            raise ValueError
        return Restored(**body)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EvidenceAtRisk("file-damaged", file=RESTORED_NAME) from error


def write_marks(places: Iterable[Path], note: str) -> None:
    """Leave the checkpoint in every place that can be reached; the others have an older one."""
    for place in places:
        try:
            check_place(place)
            path = place / MARK_NAME
            if not path.exists() or path.read_bytes() != note.encode():
                replace_file(path, note.encode())
        except OSError:
            continue  # the keyring tells of places that fail


def read_marks(places: Sequence[Path], public: Ed25519PublicKey, origin: str) -> list[tuple[Checkpoint, str]]:
    """The checkpoints of this log that stand in the places, with their text; others say nothing of this ledger."""
    found = []
    for place in places:
        try:
            note = (place / MARK_NAME).read_text(encoding="utf-8")
            checkpoint = open_checkpoint(note, public)
        except (OSError, ValueError, NoteInvalid):
            continue
        if checkpoint.origin == origin:
            found.append((checkpoint, note))
    return found
