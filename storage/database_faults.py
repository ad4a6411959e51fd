"""What an error of a database means for whoever acts on it, whichever database it is."""

from enum import Enum, auto

from nvr.base.errors import Retryable


class Fault(Enum):
    """Who acts on it."""

    UNAVAILABLE = auto()
    """The disk or the server does not do it now; the same may work later."""
    DAMAGED = auto()
    """What is stored is not what was stored."""
    MISFIT = auto()
    """The statement does not fit the tables: in a migration, tables that are not what they should be."""
    REFUSED = auto()
    """The server lets this user not do it: its administrator acts."""
    PROGRAM = auto()
    """The program asks nonsense."""


class DatabaseInUse(Retryable):
    """Another process writes this database; field `database` names it."""

    message_id = "database-in-use"
