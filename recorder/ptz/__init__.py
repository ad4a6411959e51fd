"""Domes: where a camera looked, kept beside its pictures, and moves that nobody ordered (docs/design/domes.md)."""
