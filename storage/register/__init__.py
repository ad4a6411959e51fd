"""The register: people's acts, and what follows from them, written ledger-first."""
