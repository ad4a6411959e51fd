"""Where index and register live: in SQLite files of their own, or in schemas of a PostgreSQL database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from nvr.base.errors import ConfigError

INDEX_SCHEMA: Final = "scelle_index"
REGISTER_SCHEMA: Final = "scelle_register"

_EVERYBODY: Final = 0o007
_SCHEMES: Final = ("postgresql", "postgres")
_PARAMETERS: Final = frozenset(
    {
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "host",
        "hostaddr",
        "krbsrvname",
        "passfile",
        "port",
        "service",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
"""Of libpq's parameters, those that say where the server is and who we are; none holds a secret.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""

_EXPECTED: Final = "not the URL of a PostgreSQL database, for example postgresql://scelle-index@/scelle"


@dataclass(frozen=True, slots=True)
class PostgresSchema:
    """One schema of a PostgreSQL database; the URL holds no password."""

    url: str
    schema: str
    password_file: Path | None = None
    """Holds the password alone; read at each connection, so that a new one counts from the next on."""

    def __str__(self) -> str:
        return f"{self.url} {self.schema}"


Location: TypeAlias = Path | PostgresSchema
"""A SQLite file, or a schema."""


def postgres_url(text: str) -> str:
    """The URL, if it names a PostgreSQL database and tells no secret. No error quotes it: it may hold a password.

    Raises:
        ValueError: it is none, it holds a password, or a parameter that this program does not hand on.
    """
    try:
        parts = urlsplit(text)
        port, query = parts.port, parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in _SCHEMES or not text.startswith(f"{parts.scheme}://"):
        raise ValueError(_EXPECTED)
    names = [name for name, _ in query]
    if parts.password is not None or "password" in names:
        raise ValueError("no password may stand here: it goes into the file that database.password_file names")
    if any(name not in _PARAMETERS for name in names) or len(set(names)) < len(names):
        raise ValueError(f"a parameter is given twice, or is none of {', '.join(sorted(_PARAMETERS))}")
    if port == 0 or parts.fragment or "/" in parts.path[1:] or "\0" in unquote(text):
        raise ValueError(_EXPECTED)
    return text


def password_in(file: Path) -> str:
    """The password that the file holds, alone.

    Raises:
        ConfigError: the file can not be read, everybody can read it, or it holds something else.
    """

    def refused(why: str) -> ConfigError:
        return ConfigError(file=str(file), key="database.password_file", why=why)

    try:
        mode = file.stat().st_mode
        content = file.read_bytes()
    except OSError as error:
        raise refused(f"can not be read: {error.strerror}") from error
    if mode & _EVERYBODY:
        raise refused("everybody can read it: chmod 0600")
    try:
        password = content.decode().removesuffix("\n")
    except UnicodeDecodeError:
        # The cause would quote the content.
        raise refused("not UTF-8 text") from None
    if not password or "\n" in password or "\0" in password:
        raise refused("not one line, the password")
    return password
