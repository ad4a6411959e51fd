"""Reading many connections in rounds: what has come since the last one, instead of a wake-up for every few packets.

A wake-up costs the kernel and the event loop more than the packets that it is for, and a recorder has no haste. The
period has no simple ratio to the frame intervals of cameras (20, 33, 40, 50, 66, 80, 100 ms), so that rounds meet a
camera's pictures at every age, the youngest too: wall time rests on these (docs/design/time.md).
"""

from typing import Final, Protocol

from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND

PERIOD_US: Final = 78_000
"""How long a connection waits for its next turn: less than 80 ms (DESIGN.md "Ingest")."""
PARTS: Final = 3
"""A round is parted, so that what reads take is spread over it."""


class Waiting(Protocol):
    """Whom to read in turn."""

    def read_waiting(self) -> None:
        """Take what waits in the kernel, a bounded portion of it, without waiting for more."""
        ...


class Rounds:
    """The connections of one event loop that are read in turn; each belongs to one part of the round."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: tuple[dict[Waiting, None], ...] = tuple({} for _ in range(PARTS))

    def join(self, connection: Waiting) -> None:
        """Read it from now on, where fewest are read at a time."""
        min(self._parts, key=len)[connection] = None

    def leave(self, connection: Waiting) -> None:
        """Read it no more; one that was not read is no mistake."""
        for part in self._parts:
            part.pop(connection, None)

    async def run(self) -> None:
        """Read until cancelled. Late, the next part follows at once, and what was missed is not made up for."""
        due_us: int = self._clock.mono_us()
        while True:
            for part in self._parts:
                now_us = self._clock.mono_us()
                due_us = max(due_us + PERIOD_US // PARTS, now_us)
                await self._clock.sleep((due_us - now_us) / US_PER_SECOND)
                for connection in list(part):
                    connection.read_waiting()
