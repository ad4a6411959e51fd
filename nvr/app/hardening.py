"""What a role gives up before it touches a key."""

import ctypes
import os
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_UMASK: Final = 0o027


def harden(*, holds_keys: bool) -> None:
    """Files for the owner and the group alone; with keys in memory also no core dump and no ptrace by others.

    `PR_SET_DUMPABLE` 0 (prctl(2)) makes /proc/PID/mem unreadable for other processes of the same user.

    Raises:
        OSError: the kernel refused.
    """
    os.umask(_UMASK)
    if holds_keys:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed")
