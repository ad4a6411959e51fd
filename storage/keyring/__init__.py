"""The keyring: key records in fixed-slot files, in two places (docs/design/keys.md "The keyring").

A shard's recorder appends (`KeyringWriter`), access reads (`KeyringReader`), the keeper alone destroys
(`KeyringKeeper`).
"""

from storage.keyring.keeper import KeyringKeeper, Reconciled, Shredded
from storage.keyring.layout import KeyRef, KeyringDamaged
from storage.keyring.places import KeyringUnreachable, create_place
from storage.keyring.reader import KeyringReader, KeyShredded, Lookup
from storage.keyring.writer import KeyringWriter

__all__ = [
    "KeyRef",
    "KeyShredded",
    "KeyringDamaged",
    "KeyringKeeper",
    "KeyringReader",
    "KeyringUnreachable",
    "KeyringWriter",
    "Lookup",
    "Reconciled",
    "Shredded",
    "create_place",
]
