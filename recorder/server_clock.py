"""The server's clock as a shard sees it: its epochs, and whether the kernel counts it as disciplined."""

import ctypes
import logging
import os
from collections.abc import Callable
from typing import Final

from nvr.base.clock import Clock, utc_offset_us
from nvr.base.units import MonoUs, UtcUs
from recorder.ports import EventSink

MAX_STEP_US: Final = 500_000
"""UTC against the monotonic clock: both are slewed alike (adjtimex(2)), so a larger move is a step."""

_TIME_ERROR: Final = 5
"""adjtimex(2): the clock is not synchronised to a reliable server."""
_TIMEX_BYTES: Final = 256
"""Larger than `struct timex` on every Linux ABI."""

_log = logging.getLogger(__name__)


class ServerClock:
    """UTC less the monotonic clock, followed over time; a step begins a new epoch and is told as an event.

    One per shard, owned by its event loop. `epoch` is the epoch in force, `offset_us` what to add to the monotonic
    clock to get UTC. `first_epoch` is larger than any epoch that this shard used before.
    """

    def __init__(
        self, clock: Clock, events: EventSink, *, first_epoch: int, is_synchronised: Callable[[], bool]
    ) -> None:
        self._clock = clock
        self._events = events
        self._is_synchronised = is_synchronised
        self.epoch = first_epoch
        self.offset_us = utc_offset_us(clock)
        self.synchronised = is_synchronised()

    def tick(self) -> None:
        """`observe`, and ask whether the clock is disciplined; about once a second."""
        self.observe()
        self.synchronised = self._is_synchronised()

    def observe(self) -> None:
        """Look at the clocks; on a step tell the event and begin the next epoch."""
        offset_us = utc_offset_us(self._clock)
        step_us = offset_us - self.offset_us
        self.offset_us = offset_us
        if abs(step_us) <= MAX_STEP_US:
            return
        self.epoch += 1
        mono_us = self._clock.mono_us()
        _log.warning("the server's clock stepped by %d us: clock epoch %d begins", step_us, self.epoch)
        self._events.clock(
            epoch=self.epoch, step_us=step_us, utc_us=UtcUs(mono_us + offset_us), mono_us=MonoUs(mono_us)
        )

    def utc_us(self) -> UtcUs:
        """UTC now, by the epoch in force."""
        return UtcUs(self._clock.mono_us() + self.offset_us)


def kernel_is_synchronised() -> bool:
    """Whether the kernel counts the system's clock as disciplined (adjtimex(2), reading only).

    Raises:
        OSError: the kernel refuses to say.
    """
    state: int = _LIBC.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if state < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return state != _TIME_ERROR


_LIBC: Final = ctypes.CDLL(None, use_errno=True)
