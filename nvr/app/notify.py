"""Telling systemd how the service is: the protocol of sd_notify(3), datagrams of `KEY=value` lines."""

import logging
import socket
from collections.abc import Mapping
from typing import Final

from nvr.base.units import US_PER_SECOND

_SOCKET_VARIABLE: Final = "NOTIFY_SOCKET"
_WATCHDOG_VARIABLE: Final = "WATCHDOG_USEC"
_log: Final = logging.getLogger(__name__)


class Notifier:
    """Speaks to the service manager that the environment names; without one it says nothing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get(_SOCKET_VARIABLE, "")
        # "@" stands for the zero byte of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        watchdog = environment.get(_WATCHDOG_VARIABLE, "")
        self.watchdog_s = int(watchdog) / US_PER_SECOND if address and watchdog.isdecimal() else None
        """The manager ends the service when it hears nothing for so long; None when it does not watch."""

    def ready(self) -> None:
        """The service does its work."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """The service ends in good order."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """The event loop turns."""
        self._tell("WATCHDOG=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            try:
                channel.sendto(state.encode(), self._address)
            except OSError as error:
                # A manager that is busy or starts anew hears the next one: the work does not end for it.
                _log.warning("the service manager does not hear %s: %s", state, error)
