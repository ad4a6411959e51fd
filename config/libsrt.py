"""libsrt, the machine's library that speaks SRT: PyAV's own FFmpeg is built without it (docs/adr/0015)."""

import ctypes
from typing import Final

NAMES: Final = ("libsrt.so.1.5", "libsrt-gnutls.so.1.5", "libsrt.so.1")
"""What distributions call it, whichever cryptography it is built with. Calls and options are those of 1.4 on."""

HINT: Final = "libsrt on this server (Debian: apt install libsrt1.5-openssl)"
"""What to say where it is missing."""


def load() -> ctypes.CDLL | None:
    """The library; None where the machine has none. Loaded once, whoever asks."""
    for name in NAMES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
