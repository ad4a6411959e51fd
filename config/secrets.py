"""The secrets file: user and password of each camera, by the reference that the register holds. Mode 0600.

Nothing here ever reaches a log or an error: what is wrong with the file is said without its content.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nvr.base.errors import ConfigError

MODE: Final = 0o600
_UNSENDABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


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
        logins = {reference: Login(*_pair(pair)) for reference, pair in json.loads(content).items()}
    except (ValueError, AttributeError, TypeError):
        # The cause would quote the content.
        raise ConfigError(file=str(path), why='not {"reference": ["user", "password"]}') from None
    for reference, login in logins.items():
        if not (_can_be_sent(login.user) and _can_be_sent(login.password)):
            raise ConfigError(file=str(path), key=ascii(reference), why="a control character in user or password")
    return logins


def replace(path: Path, logins: Mapping[str, Login]) -> None:
    """Put these logins in place of the file, whole or not at all, durably.

    Raises:
        OSError: the kernel refused; the file before stays.
    """
    body = {reference: [login.user, login.password] for reference, login in sorted(logins.items())}
    content = json.dumps(body, ensure_ascii=False, indent=1).encode()
    # One name, so that a crash leaves one file at most, which the next call writes over.
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    try:
        _write(beside, content)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, MODE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _can_be_sent(text: str) -> bool:
    """Any character that people type; not a line end or half a character, which no header of RTSP can hold."""
    return _UNSENDABLE.search(text) is None


def _pair(value: object) -> tuple[str, str]:
    match value:
        case [str(user), str(password)]:
            return user, password
    raise ValueError
