"""What the disk refuses while access works for a person: told to whoever asked, and no end of the role."""

import contextlib
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from nvr.base.errors import Retryable
from storage import databases
from storage.database_faults import Fault


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
    except DBAPIError as error:
        if databases.fault_of(error) is Fault.PROGRAM:
            raise
        raise AccessDiskRefused(file="database", why=databases.words_of(error)) from error
