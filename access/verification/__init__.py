"""Checking a bundle, a sealed segment or a ledger, offline and without configuration (docs/design/bundle.md)."""
