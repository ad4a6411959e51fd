"""Proofs are checked before they go into a bundle, and all lead to one checkpoint."""

import asyncio
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.export.proofs import ProofOfAnother, prove, prove_all
from access.ports import Inclusion
from storage.ledger.note import NoteInvalid, parse_proof, verify_proof
from storage.merkle import ProofInvalid
from tests.access.footage import START_UTC_US, Town


@pytest.fixture
def grown(town: Town) -> Town:
    """A ledger of several entries and checkpoints."""
    for _ in range(5):
        town.grant(START_UTC_US, START_UTC_US + 1)
    return town


def test_proof_file_proves_the_entry(grown: Town) -> None:
    proven = asyncio.run(prove(grown, 3, grown.public))
    assert verify_proof(proven.leaf, parse_proof(proven.proof), grown.public) == proven.checkpoint
    assert proven.leaf == grown.store.entry(3)


def test_all_proofs_lead_to_one_checkpoint_that_covers_the_last(grown: Town) -> None:
    proven = asyncio.run(prove_all(grown, {"grant": 1, "release": 2, "open": 9}, grown.public))
    assert [one.index for one in proven.values()] == [1, 2, 9]
    assert len({one.checkpoint for one in proven.values()}) == 1
    assert proven["grant"].checkpoint.size > 9


def test_checkpoint_of_another_key_is_refused(grown: Town) -> None:
    with pytest.raises(NoteInvalid):
        asyncio.run(prove(grown, 1, Ed25519PrivateKey.generate().public_key()))


class Liar:
    """A keeper that changes what it proves."""

    def __init__(
        self, town: Town, *, index: int = 0, path: tuple[bytes, ...] | None = None, size: int | None = None
    ) -> None:
        self.town, self.index, self.path, self.size = town, index, path, size
        self.append = town.append

    async def entry(self, index: int) -> bytes:
        return await self.town.entry(index + self.index)

    async def proof(self, index: int, size: int | None = None) -> Inclusion:
        answer = await self.town.proof(index + self.index, self.size or size)
        return answer if self.path is None else replace(answer, path=self.path)


def test_proof_of_another_entry_is_refused(grown: Town) -> None:
    with pytest.raises(ProofOfAnother):
        asyncio.run(prove(Liar(grown, index=1), 1, grown.public))


def test_proof_in_another_tree_is_refused(grown: Town) -> None:
    size = asyncio.run(prove(grown, 1, grown.public)).checkpoint.size
    with pytest.raises(ProofOfAnother):
        asyncio.run(prove(Liar(grown, size=size), 1, grown.public, size=size - 1))


def test_path_that_proves_nothing_is_refused(grown: Town) -> None:
    with pytest.raises(ProofInvalid):
        asyncio.run(prove(Liar(grown, path=(bytes(32),)), 1, grown.public))
