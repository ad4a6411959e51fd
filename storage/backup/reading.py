"""A set read back: which one, whether every part is what was written, and what it holds (docs/design/backup.md, R1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.errors import Refused
from storage.backup.age import BackupDamaged, hash_of
from storage.backup.folder import BackupSet, NoBackupFolder, check_folder, sets_in
from storage.backup.manifest import KEY_LIST, MANIFEST, File, KeyList, Manifest, parse_keys, parse_manifest


class NoSuchBackup(Refused):
    """There is no whole set, or none of that name."""

    message_id = "backup-none"


@dataclass(frozen=True, slots=True)
class Found:
    """A set whose parts are all what was written, and the key files of the newest set that has any."""

    at: BackupSet
    manifest: Manifest
    public: Ed25519PublicKey
    """The ledger's key by the manifest; the ledger itself must name the same."""
    keys_at: BackupSet | None
    keys: KeyList | None


def read_set(directory: Path, name: str | None = None) -> Found:
    """The newest set of the folder, or the one of this name, with every part compared.

    Raises:
        NoBackupFolder: the folder holds no backups.
        NoSuchBackup: there is no such set.
        BackupDamaged: a part is not what was written, or a list not what was signed; it is named.
    """
    origin = check_folder(directory)
    sets = sets_in(directory)
    one = next((each for each in reversed(sets) if name in (None, each.name)), None)
    if one is None:
        raise NoSuchBackup(directory=str(directory), set=name, there=", ".join(each.name for each in sets))
    manifest, public = parse_manifest((one.path / MANIFEST).read_bytes())
    if manifest.origin != origin:
        raise NoBackupFolder(directory=str(directory), why=f"the set is of {manifest.origin}")
    _compare(one, manifest.parts)
    keys_at = next((each for each in reversed(sets) if each.has_keys), None)
    keys = None
    if keys_at is not None:
        keys, signed_by = parse_keys((keys_at.path / KEY_LIST).read_bytes())
        if signed_by != public or keys.origin != origin:
            raise BackupDamaged(part=KEY_LIST, why="signed by another ledger's key")
        _compare(keys_at, keys.parts)
    return Found(one, manifest, public, keys_at, keys)


def _compare(one: BackupSet, parts: Iterable[File]) -> None:
    for part in parts:
        try:
            found = hash_of(one.path / part.name)
        except OSError as error:
            raise BackupDamaged(part=f"{one.name}/{part.name}", why=str(error.strerror)) from error
        if (found.size, found.sha256) != (part.bytes, part.sha256):
            raise BackupDamaged(part=f"{one.name}/{part.name}", why="not the bytes that were written")
