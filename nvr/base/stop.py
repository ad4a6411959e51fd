"""One stop signal that tasks await and threads poll or wait on."""

import asyncio
import threading


class Stop:
    """Set once, by anyone, from any thread; it is never cleared.

    Tasks use `wait`; threads use `is_set` and `wait_in_thread`.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def set(self) -> None:
        """Give the signal; a second call changes nothing."""
        with self._lock:
            self._event.set()
            waiters = list(self._waiters)
        for loop, event in waiters:
            loop.call_soon_threadsafe(event.set)

    def is_set(self) -> bool:
        """Whether the signal was given."""
        return self._event.is_set()

    def wait_in_thread(self, seconds: float) -> bool:
        """Block this thread until the signal or the delay; whether the signal was given."""
        return self._event.wait(seconds)

    async def wait(self) -> None:
        """Let this task wait for the signal."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        with self._lock:
            if self._event.is_set():
                return
            self._waiters.add(waiter)
        try:
            await event.wait()
        finally:
            with self._lock:
                self._waiters.discard(waiter)
