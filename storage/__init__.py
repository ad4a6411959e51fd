"""Sealed files, keys, volumes, index, register, retention and ledger."""
