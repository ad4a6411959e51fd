"""The secrets file: users and passwords of cameras, by the name under which the register holds a reference.

`{"v":1,"secrets":{"<name>":{"user":...,"password":...}}}`, mode 0600. Access writes it, recorders read it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from nvr.base.errors import ConfigError

VERSION: Final = 1
SECRETS_MODE: Final = 0o600

Secrets: TypeAlias = Mapping[str, tuple[str, str]]
"""User and password by name."""


def read_secrets(file: Path) -> Secrets:
    """All secrets; none when there is no file yet.

    Raises:
        ConfigError: the file can not be read, or is not a secrets file. The error shows nothing of its content.
    """
    try:
        body = json.loads(file.read_bytes())
        if body["v"] != VERSION:
            raise ConfigError(file=str(file), key="v", why=f"version {body['v']}, this program knows {VERSION}")
        return {name: (str(entry["user"]), str(entry["password"])) for name, entry in body["secrets"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(file=str(file), why=f"the file can not be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(file=str(file), why="not a secrets file") from None  # the cause would show a password


def pack_secrets(secrets: Secrets) -> bytes:
    """The content of the file."""
    entries = {name: {"user": user, "password": password} for name, (user, password) in sorted(secrets.items())}
    return json.dumps({"v": VERSION, "secrets": entries}, indent=1).encode()
