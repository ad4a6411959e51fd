"""What says of a backup what it holds: two lists of parts, each signed by the ledger's key. Pure."""

import base64
from typing import Annotated, Final, Generic, Literal, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from nvr.base.jcs import Json, canonical
from storage.backup.age import BackupDamaged
from storage.ledger.fields import Count, Hash, Instant, Part, Public32, Signature, Text

MANIFEST: Final = "manifest.json"
KEY_LIST: Final = "keys.json"
LEDGER: Final = "ledger.db.age"
REGISTER: Final = "register.db.age"
STATE: Final = "state.tar.age"
KEYS: Final = "keys"

PartName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*){0,2}\.age$")]
"""A path below the set's folder; no part of it begins with a dot."""


class File(Part):
    """One encrypted file of a set."""

    name: PartName
    bytes: Count
    sha256: Hash


class LedgerAt(Part):
    """The ledger of a backup: its first `size` entries, and the newest checkpoint among them."""

    size: Count
    root: Hash
    checkpoint: Text | None


class Manifest(Part):
    """What a set holds, without the keys."""

    v: Literal[1]
    t: Literal["scelle-backup-set"]
    origin: Text
    made_utc_us: Instant
    ledger: LedgerAt
    recipients: tuple[Text, ...]
    sw: Text
    degraded: tuple[Text, ...]
    """Places of the keyring that could not be read: what only they had is not in the backup."""
    parts: tuple[File, ...]


class KeyList(Part):
    """The key files of a set."""

    v: Literal[1]
    t: Literal["scelle-backup-keys"]
    origin: Text
    made_utc_us: Instant
    parts: tuple[File, ...]


ListT = TypeVar("ListT", Manifest, KeyList)


class _Signed(Part, Generic[ListT]):
    body: ListT
    public: Public32
    sig: Signature


def sign(body: Manifest | KeyList, key: Ed25519PrivateKey) -> bytes:
    """The file's bytes."""
    value: Json = body.model_dump(mode="json")
    sig = base64.b64encode(key.sign(_signed_bytes(value))).decode()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return canonical({"body": value, "public": public, "sig": sig})


def parse_manifest(data: bytes) -> tuple[Manifest, Ed25519PublicKey]:
    """The manifest, and the key that signed it: whose that is, the caller finds out. Raises BackupDamaged."""
    return _opened(data, _Signed[Manifest], MANIFEST)


def parse_keys(data: bytes) -> tuple[KeyList, Ed25519PublicKey]:
    """The same of the list of keys. Raises BackupDamaged."""
    return _opened(data, _Signed[KeyList], KEY_LIST)


def _opened(data: bytes, model: type[_Signed[ListT]], name: str) -> tuple[ListT, Ed25519PublicKey]:
    try:
        found = model.model_validate_json(data)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(found.public))
        public.verify(base64.b64decode(found.sig), _signed_bytes(found.body.model_dump(mode="json")))
    except (ValidationError, InvalidSignature) as error:
        raise BackupDamaged(part=name, why="not what was signed") from error
    return found.body, public


def _signed_bytes(body: Json) -> bytes:
    return canonical({"d": "scelle/backup/1", "body": body})
