"""A PostgreSQL server for tests and benchmarks: a Unix socket in a temporary directory, and nothing survives it."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final

from config.database import PostgresSchema

DEBIAN: Final = Path("/usr/lib/postgresql")
OWNER: Final = "scelle"
SHORT_LIVED: Final = (
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=40",
    "autovacuum=off",
)
"""For data of which nothing has to survive the machine."""


def programs() -> Path | None:
    """The folder of the newest server that is installed; Debian keeps it out of the search path."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return None if elsewhere is None else Path(elsewhere).parent


class Server:
    """Runs as a user without rights where root starts it: the server refuses to be root."""

    def __init__(self, settings: Sequence[str] = SHORT_LIVED) -> None:
        """Make its directory; `start` starts it, `close` removes all. Raises RuntimeError: no server is installed."""
        where = programs()
        if where is None:
            raise RuntimeError("no PostgreSQL is installed")
        self._programs = where
        self._settings = ("listen_addresses=", "log_min_messages=fatal", *settings)
        self._place = tempfile.TemporaryDirectory(prefix="scelle-pg-")
        self.directory = Path(self._place.name)
        self.data = self.directory / "data"
        self._user = _unprivileged()
        if self._user is not None:
            os.chown(self.directory, self._user, -1)
        self._numbers = count()
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self.data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [part for setting in self._settings for part in ("-c", setting)]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self.data, "-k", self.directory, *options],
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.directory,
        )
        ready = [str(self._programs / "pg_isready"), "-q", "-t", "20", "-h", str(self.directory)]
        while subprocess.run(ready, check=False).returncode != 0:
            if self._process.poll() is not None:
                raise RuntimeError("the server ended at its start")

    def kill(self) -> None:
        """End it without a word to its clients."""
        self._end(signal.SIGQUIT)

    def close(self) -> None:
        """End it and remove everything."""
        self._end(signal.SIGQUIT)
        self._place.cleanup()

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """The URL of a database on it."""
        return f"postgresql://{user}@/{database}?host={self.directory}"

    def fresh(self, name: str = "scelle") -> PostgresSchema:
        """A schema that nothing has used."""
        return PostgresSchema(self.url(), f"{name}_{next(self._numbers)}")

    def sql(self, text: str, database: str = "postgres") -> str:
        """What `psql` answers, columns parted by bars."""
        command = [str(self._programs / "psql"), "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", text, self.url(database)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self.directory)


def _unprivileged() -> int | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return None
