"""Who may call the sockets between roles: root, this process's user, and the users of the roles."""

import os
import pwd
from typing import Final

ROLE_USERS: Final = ("scelle-keeper", "scelle-access", "scelle-recorder")
"""As systemd/scelle.sysusers.conf makes them; under `nvr run` all roles are one user, and these need not exist."""

_ROOT: Final = 0


def role_uids() -> frozenset[int]:
    """The user ids of the roles on this machine, as of now. Blocking."""
    return frozenset({_ROOT, os.geteuid(), *filter(None, map(_uid_of, ROLE_USERS))})


def _uid_of(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None
