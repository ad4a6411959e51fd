"""Whether the index's file is whole: read through behind the start, since a file of years takes minutes."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from config.database import Location
from storage import sqlite
from storage.database_faults import Fault
from storage.index.database import IndexDamaged, IndexUnavailable


class Wholeness:
    """One check of one index; it may run in any thread, beside whoever writes."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._connection: sqlite3.Connection | None = None
        self._is_ended = False

    def check(self) -> None:
        """Read every page, or what there is time for until `end`.

        PostgreSQL is not asked: it has no such question, and says of a damaged page when it reads it.

        Raises:
            IndexDamaged: a page is not what it was.
            IndexUnavailable: the disk does not give it.
        """
        if not isinstance(self._location, Path):
            return
        try:
            found = self._found(self._location)
        except sqlite3.Error as error:
            if self._is_ended:
                return
            damaged = sqlite.fault_of(error) is Fault.DAMAGED
            raise (IndexDamaged if damaged else IndexUnavailable)(file=str(self._location), why=str(error)) from error
        if found != "ok" and not self._is_ended:
            raise IndexDamaged(file=str(self._location), why=found)

    def end(self) -> None:
        """Have a check that runs come back at once; from any thread."""
        self._is_ended = True
        if self._connection is not None:
            with suppress(sqlite3.ProgrammingError):  # it is closed: the check came back
                self._connection.interrupt()

    def _found(self, path: Path) -> str:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)) as opened:
            self._connection = opened
            return str(opened.execute("PRAGMA quick_check(1)").fetchone()[0])
