"""Asking disks how they are: `smartctl`, where it is installed and this user may; never waited for long. Blocking."""

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from nvr.app.volumes.smart import Health, judge, unknown

COMMAND: Final = ("smartctl", "--json", "--all", "--nocheck=standby")
"""A disk that sleeps is not woken: it records nothing, and a start costs it more than a look is worth."""

_LIMIT_S: Final = 20.0
_REAP_S: Final = 1.0


def health_of(name: str, command: Sequence[str] = COMMAND, limit_s: float = _LIMIT_S) -> Health:
    """What the disk with this name of the kernel's says; unknown, with the reason, where nothing can be had."""
    device = "/dev/" + name.replace("!", "/")
    try:
        asked = subprocess.Popen([*command, device], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError as error:
        return unknown(f"{command[0]}: {error.strerror}")
    try:
        output, _ = asked.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        # A disk that hangs keeps whoever asks it, killed or not: nobody waits for its end.
        asked.kill()
        with suppress(subprocess.TimeoutExpired):
            asked.communicate(timeout=_REAP_S)
        return unknown(f"{command[0]} did not answer within {limit_s:g} s")
    return judge(output)
