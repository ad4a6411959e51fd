"""The secrets file: user and password of each camera, by the reference that the register holds. Mode 0600.

Nothing here ever reaches a log or an error: what is wrong with the file is said without its content.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nvr.base.errors import ConfigError

MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Login:
    """What a camera asks for; `repr` shows neither."""

    user: str = field(repr=False)
    password: str = field(repr=False)


def load(path: Path) -> dict[str, Login]:
    """All logins, by reference; none when there is no file.

    Raises:
        ConfigError: the file can not be read, others than its owner can read it, or it is no secrets file.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(file=str(path), why=f"can not be read: {error.strerror}") from error
    if mode & 0o007:
        raise ConfigError(file=str(path), why="everybody can read it: chmod 0600")
    try:
        return {reference: Login(*_pair(pair)) for reference, pair in json.loads(content).items()}
    except (ValueError, AttributeError, TypeError):
        # The cause would quote the content.
        raise ConfigError(file=str(path), why='not {"reference": ["user", "password"]}') from None


def replace(path: Path, logins: Mapping[str, Login]) -> None:
    """Put these logins in place of the file, whole or not at all, durably.

    Raises:
        OSError: the kernel refused; the file before stays.
    """
    body = {reference: [login.user, login.password] for reference, login in sorted(logins.items())}
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 from the first byte
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, MODE)
        json.dump(body, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(descriptor)
    Path(beside).replace(path)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pair(value: object) -> tuple[str, str]:
    match value:
        case [str(user), str(password)]:
            return user, password
    raise ValueError
