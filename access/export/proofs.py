"""Entries of the ledger with their proofs, asked of the keeper and checked before they go into a bundle."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from access.export.ports import Ledger
from nvr.base.errors import EvidenceAtRisk
from storage.ledger.note import Checkpoint, ProofFile, build_proof, verify_proof


class ProofOfAnother(EvidenceAtRisk):
    """The keeper proved another entry or another tree than was asked for; `index` is the one that was."""

    message_id = "proof-of-another"


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry with the proof that it is in the tree of a checkpoint."""

    index: int
    leaf: bytes
    proof: str
    """The text of the proof file."""
    checkpoint: Checkpoint


async def prove(ledger: Ledger, index: int, public: Ed25519PublicKey, *, size: int | None = None) -> ProvenEntry:
    """One entry with its proof in the tree of `size` entries, or of the last checkpoint.

    Raises:
        ProofOfAnother, NoteInvalid, ProofInvalid: the keeper's proof does not show what it must.
    """
    leaf = await ledger.entry(index)
    answer = await ledger.proof(index, size)
    proof = ProofFile(index=answer.index, path=tuple(answer.path), checkpoint=answer.checkpoint)
    checkpoint = verify_proof(leaf, proof, public)
    if proof.index != index or (size is not None and checkpoint.size != size):
        raise ProofOfAnother(index=index)
    return ProvenEntry(index, leaf, build_proof(proof), checkpoint)


async def prove_all(
    ledger: Ledger, indices: Mapping[str, int], public: Ed25519PublicKey, ask: Callable[[], None] = lambda: None
) -> dict[str, ProvenEntry]:
    """The entries under the names given, all proven in the tree of one checkpoint; `ask` ends it by raising.

    Raises:
        ProofOfAnother, NoteInvalid, ProofInvalid: as `prove`.
    """
    latest = await prove(ledger, max(indices.values()), public)
    size = latest.checkpoint.size
    proven = {}
    for name, index in indices.items():
        ask()
        proven[name] = await prove(ledger, index, public, size=size)
    return proven
