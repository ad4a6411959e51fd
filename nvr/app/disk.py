"""What the disk refuses while access works for a person: told to whoever asked, and no end of the role."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DatabaseError

from nvr.base.errors import Retryable

_OF_THE_PROGRAM: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)
"""What SQLite says of statements that are wrong; all else it says of the disk, of room on it, or of a damaged file."""


class AccessDiskRefused(Retryable):
    """A file or a database could not be read or written; `file`, `why`. A person gives it room, or another disk.

    Each act is made so that it may be cut off anywhere: what it left is taken up by the next one, or removed.
    """

    message_id = "access-disk-refused"


@contextlib.contextmanager
def disk_refusals() -> Iterator[None]:
    """Make what the disk refuses within it one of our errors.

    Raises:
        AccessDiskRefused: it did; an error of the program passes as it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise AccessDiskRefused(file=error.filename, why=error.strerror) from error
    except DatabaseError as error:
        if isinstance(error.orig, _OF_THE_PROGRAM):
            raise
        raise AccessDiskRefused(file="database", why=str(error.orig)) from error
