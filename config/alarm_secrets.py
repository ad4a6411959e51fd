"""The secrets of the alarm channels: the mail user's password, and Apprise's URLs, which hold tokens. Mode 0600.

Nothing here ever reaches a log or an error: what is wrong with the file is said without its content.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from nvr.base.errors import ConfigError


@dataclass(frozen=True, slots=True)
class AlarmSecrets:
    """What the channels need to log in; `repr` shows none of it."""

    mail: str | None = field(default=None, repr=False)
    apprise: tuple[str, ...] = field(default=(), repr=False)


def load(path: Path) -> AlarmSecrets:
    """The secrets; none when there is no file. Blocking.

    Raises:
        ConfigError: the file can not be read, others than its owner can read it, or it is not what it should be.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        return AlarmSecrets()
    except OSError as error:
        raise ConfigError(file=str(path), why=f"can not be read: {error.strerror}") from error
    if mode & 0o007:
        raise ConfigError(file=str(path), why="everybody can read it: chmod 0600")
    try:
        return _parsed(json.loads(content))
    except ValueError:
        # The cause would quote the content.
        raise ConfigError(file=str(path), why='not {"mail": "...", "apprise": ["...", ...]}') from None


def _parsed(body: object) -> AlarmSecrets:
    match body:
        case {**more} if not more.keys() - {"mail", "apprise"}:
            mail, urls = more.get("mail"), more.get("apprise", [])
            if (mail is None or isinstance(mail, str)) and isinstance(urls, list):
                texts = tuple(url for url in urls if isinstance(url, str) and url)
                if len(texts) == len(urls):
                    return AlarmSecrets(mail, texts)
    raise ValueError
