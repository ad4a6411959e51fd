"""The ledger: every act in one Merkle tree, its signed checkpoints and its proofs (docs/design/ledger.md)."""
