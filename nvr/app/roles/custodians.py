"""The custodian set that a recorder seals under: the published one, once its signatures were checked.

The last accepted set is kept beside the shard's own state, so that a new one is checked against it even after a start.
"""

from pathlib import Path

from nvr.base.errors import ConfigError, EvidenceAtRisk
from storage.durable import make_directory, replace_file
from storage.vault.seats import CustodianSet, SignedSet, check_signatures


def accept_set(published: Path, accepted: Path) -> CustodianSet:
    """The set in the published file, which is then the accepted one.

    Raises:
        ConfigError: there is none, or it is not a set that the accepted one's seats signed.
    """
    signed, data = _read(published)
    if signed is None:
        raise ConfigError(file=str(published), why="there is no custodian set: `nvr-admin init` makes one")
    before, _ = _read(accepted)
    if before is not None and before.set.hash == signed.set.hash:
        return signed.set
    try:
        check_signatures(signed, None if before is None else before.set)
    except EvidenceAtRisk as error:
        raise ConfigError(file=str(published), why=f"the custodian set is refused: {error}") from error
    make_directory(accepted.parent)
    replace_file(accepted, data)
    return signed.set


def _read(path: Path) -> tuple[SignedSet | None, bytes]:
    try:
        data = path.read_bytes()
        return SignedSet.parse(data), data
    except FileNotFoundError:
        return None, b""
    except EvidenceAtRisk as error:
        raise ConfigError(file=str(path), why=f"not a custodian set: {error}") from error
