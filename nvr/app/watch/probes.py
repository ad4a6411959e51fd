"""Looks at the disk that must not hold up whoever looks: a disk that hangs answers nothing, for as long as it hangs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")

_LIMIT_S: Final = 5.0


class HangingError(Exception):
    """The look has not come back."""


class Probes:
    """Runs blocking looks in threads of its own, at most one for each name: one that hangs is not begun again."""

    def __init__(self, most: int) -> None:
        """`most`: how many names there are."""
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="probe")
        self._running: dict[str, Future[Any]] = {}

    async def ask(self, name: str, look: Callable[[], T], *, limit_s: float = _LIMIT_S) -> T:
        """What the look found. Raises HangingError: it, or the one before it, has not come back."""
        before = self._running.get(name)
        if before is not None and not before.done():
            raise HangingError(name)
        running = self._threads.submit(look)
        self._running[name] = running
        answer = asyncio.wrap_future(running)
        done, _ = await asyncio.wait([answer], timeout=limit_s)
        if not done:
            raise HangingError(name)
        return answer.result()

    def close(self) -> None:
        """Begin no more; what hangs is left."""
        self._threads.shutdown(wait=False, cancel_futures=True)
