"""Files under age (age-encryption.org/v1): what goes to a backup medium, and back from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, close
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import pyrage
from pyrage.x25519 import Identity, Recipient

from nvr.base.errors import EvidenceAtRisk, InvalidValue, Refused
from storage import disk
from storage.durable import write_all

Recipients: TypeAlias = Sequence[Recipient]
Identities: TypeAlias = Sequence[Identity]

_MODE: Final = 0o640
_CLEAR_MODE: Final = 0o600


class NotForThisIdentity(Refused):
    """The backup was encrypted to other recipients than this identity."""

    message_id = "backup-other-identity"


class BackupDamaged(EvidenceAtRisk):
    """A part of a backup is not what was written; `part` names it."""

    message_id = "backup-damaged"


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written and synced: its length and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


def recipients_of(texts: Sequence[str]) -> list[Recipient]:
    """The recipients (`age1...`).

    Raises:
        InvalidValue: a text is none; there is none at all, and secrets are never written in clear.
    """
    if not texts:
        raise InvalidValue(field="backup.recipients", value="", expected="at least one recipient: age1...")
    try:
        return [Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError as error:
        raise InvalidValue(field="backup.recipients", value=", ".join(texts), expected="recipients: age1...") from error


def identities_of(text: str) -> list[Identity]:
    """The identities (`AGE-SECRET-KEY-1...`) of an identity file; lines with # are comments.

    Raises:
        InvalidValue: there is none, or a line is something else. The value is not told.
    """
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []  # the cause would quote the line
    if not found:
        raise InvalidValue(field="--identity", value="", expected="a file with AGE-SECRET-KEY-1...")
    return found


def new_identity() -> tuple[str, str]:
    """A new identity, and its recipient: the first is for the safe, the second for the configuration."""
    made = Identity.generate()
    return str(made), str(made.to_public())


def encrypt(source: BinaryIO, target: Path, recipients: Recipients) -> Written:
    """Write the source's bytes to a new file, encrypted and synced.

    Raises:
        OSError: the source can not be read, or the target not be written.
    """
    sink = _Sink(target, _MODE)
    try:
        pyrage.encrypt_io(source, sink, list(recipients))
        sink.sync()
    except pyrage.EncryptError as error:
        raise (sink.error or OSError(str(error))) from error
    finally:
        sink.close()
    return Written(sink.size, sink.digest.hexdigest())


def decrypt(source: Path, target: Path, identities: Identities) -> None:
    """Write what the file holds in clear to a new file that its owner alone can read; synced.

    Raises:
        NotForThisIdentity: none of the identities opens it.
        BackupDamaged: it is cut, or was changed.
        OSError: it can not be read, or the target not be written.
    """
    sink = _Sink(target, _CLEAR_MODE)
    try:
        with source.open("rb") as file:
            pyrage.decrypt_io(file, sink, list(identities))
        sink.sync()
    except pyrage.DecryptError as error:
        raise _refusal(source, error) from error
    except OSError as error:
        if sink.error is not None:
            raise sink.error from error
        if error.errno is None:  # age's own: a tag that does not fit
            raise BackupDamaged(part=source.name, why=str(error)) from error
        raise
    finally:
        sink.close()


def decrypt_small(source: Path, identities: Identities) -> bytes:
    """What the file holds in clear, in memory. Raises as `decrypt`."""
    try:
        clear: bytes = pyrage.decrypt(source.read_bytes(), list(identities))
    except pyrage.DecryptError as error:
        raise _refusal(source, error) from error
    return clear


def _refusal(source: Path, error: pyrage.DecryptError) -> NotForThisIdentity | BackupDamaged:
    if "matching" in str(error):
        return NotForThisIdentity(part=source.name)
    return BackupDamaged(part=source.name, why=str(error))


def hash_of(path: Path) -> Written:
    """Length and SHA-256 of a file, read from its disk. Raises OSError."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        # What this machine has just written is in its memory: the medium is asked.
        disk.forget(file.fileno())
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return Written(size, digest.hexdigest())


class _Sink:
    """What age writes to: a new file, through `storage.disk`. age hides the error of a write; it is kept here."""

    def __init__(self, path: Path, mode: int) -> None:
        self._fd = disk.open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
        self.digest = sha256()
        self.size = 0
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            write_all(self._fd, [data])
        except OSError as error:
            self.error = error
            raise
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def sync(self) -> None:
        disk.fsync(self._fd)

    def close(self) -> None:
        close(self._fd)
