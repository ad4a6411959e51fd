"""The custodian set that a recorder seals under: the published one, once its signatures were checked.

The last accepted set is kept beside the shard's own state, so that a new one is checked against it even after a start.
"""

from pathlib import Path

from nvr.app.roles.faults import Faults
from nvr.app.roles.shardstate import NOT_WRITTEN
from nvr.base.errors import ConfigError, EvidenceAtRisk
from storage.durable import make_directory, replace_file
from storage.vault.seats import CustodianSet, SignedSet, check_signatures


def accept_set(published: Path, accepted: Path, faults: Faults) -> CustodianSet:
    """The set in the published file, which is then the accepted one; a disk that does not keep it is a told fault.

    Raises:
        ConfigError: there is none, it can not be read, or it is not a set that the accepted one's seats signed.
    """
    signed, data = _read(published)
    if signed is None:
        raise ConfigError(file=str(published), why="there is no custodian set: `nvr-admin init` makes one")
    before, _ = _read(accepted)
    if before is not None and before.set.hash == signed.set.hash:
        faults.over(NOT_WRITTEN, accepted)
        return signed.set
    try:
        check_signatures(signed, None if before is None else before.set)
    except EvidenceAtRisk as error:
        raise ConfigError(file=str(published), why=f"the custodian set is refused: {error}") from error
    _keep(accepted, data, faults)
    return signed.set


def _keep(accepted: Path, data: bytes, faults: Faults) -> None:
    try:
        make_directory(accepted.parent)
        replace_file(accepted, data)
    except OSError as error:
        faults.tell(NOT_WRITTEN, accepted, error)
    else:
        faults.over(NOT_WRITTEN, accepted)


def _read(path: Path) -> tuple[SignedSet | None, bytes]:
    try:
        data = path.read_bytes()
        return SignedSet.parse(data), data
    except FileNotFoundError:
        return None, b""
    except OSError as error:
        raise ConfigError(file=str(path), why=f"can not be read: {error.strerror}") from error
    except EvidenceAtRisk as error:
        raise ConfigError(file=str(path), why=f"not a custodian set: {error}") from error
