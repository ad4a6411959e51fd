"""What a `continue` says of checkpoints that somebody kept (docs/design/backup.md, "Continuing"). Pure."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from storage.ledger.note import Checkpoint, open_checkpoint
from storage.ledger.people import Continue


def declares(declared: Continue, checkpoint: Checkpoint, public: Ed25519PublicKey) -> bool:
    """Whether this checkpoint lies in the span that was declared as lost.

    Without a checkpoint that was seen, all that followed the kept entries was declared, with no end.

    Raises:
        NoteInvalid: what it cites was not signed by this key.
    """
    if checkpoint.size <= declared.size:
        return False
    return declared.seen is None or checkpoint.size <= open_checkpoint(declared.seen, public).size
