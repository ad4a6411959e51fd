"""Who may call the sockets between roles: root, this process's user, and the users of the roles."""

import os
import pwd
from typing import Final

ROLE_USERS: Final = ("scelle-keeper", "scelle-access", "scelle-recorder")
"""As systemd/scelle.sysusers.conf makes them; under `nvr run` all roles are one user, and these need not exist."""

WATCH_USERS: Final = ("scelle-watch",)
"""Who may ask every role how it is, and nothing else: the watch speaks to the network."""

_ROOT: Final = 0


def role_uids() -> frozenset[int]:
    """The user ids of the roles on this machine, as of now. Blocking."""
    return frozenset({_ROOT, os.geteuid(), *filter(None, map(_uid_of, ROLE_USERS))})


def watch_uids() -> frozenset[int]:
    """The user id of the watch on this machine, as of now. Blocking."""
    return frozenset(filter(None, map(_uid_of, WATCH_USERS)))


def _uid_of(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None
