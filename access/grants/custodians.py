"""The custodian sets that segments name: the one in force, and those before it, which access keeps."""

from pathlib import Path
from typing import Final

from nvr.base.errors import EvidenceAtRisk
from storage.durable import create_file, make_directory
from storage.vault.seats import CustodianSet, SignedSet

_HASH_HEX: Final = 64


class SetUnknown(EvidenceAtRisk):
    """No copy of the custodian set is left under which segments were sealed; field `set` is its hash."""

    message_id = "set-unknown"


class CustodianSets:
    """Finds a set by its hash. `published` is the keeper's file, `kept` a directory of access's own; blocking."""

    def __init__(self, published: Path, kept: Path) -> None:
        self._published = published
        self._kept = kept

    def keep_published(self) -> CustodianSet | None:
        """Keep a copy of the set in force: footage sealed under it outlives it. None when there is none yet.

        Raises:
            DocumentInvalid, KeyInvalid: the published file is no set.
        """
        try:
            data = self._published.read_bytes()
        except FileNotFoundError:
            return None
        custodians = SignedSet.parse(data).set
        copy = self._path(custodians.hash)
        if not copy.exists():
            make_directory(self._kept)
            create_file(copy, data)
        return custodians

    def find(self, set_hash: bytes) -> CustodianSet:
        """The set with this hash.

        Raises:
            SetUnknown: there is no copy.
        """
        current = self.keep_published()
        if current is not None and current.hash == set_hash:
            return current
        try:
            custodians = SignedSet.parse(self._path(set_hash).read_bytes()).set
        except FileNotFoundError as error:
            raise SetUnknown(set=set_hash.hex()) from error
        if custodians.hash != set_hash:
            raise SetUnknown(set=set_hash.hex())
        return custodians

    def _path(self, set_hash: bytes) -> Path:
        return self._kept / f"{set_hash.hex()[:_HASH_HEX]}.json"
