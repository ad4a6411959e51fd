"""The one queue between threads: bounded in bytes, and it never blocks its producer."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """What a queue holds now, and how often it was full."""

    items: int
    held_bytes: int
    limit_bytes: int
    peak_bytes: int
    refused: int


class BoundedQueue(Generic[T]):
    """First in, first out; `offer` refuses instead of waiting, `take` waits.

    One lock guards all; any thread may call any method.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        if limit_bytes <= 0:
            raise ValueError("a queue needs a positive bound")
        self._limit_bytes = limit_bytes
        self._items: deque[tuple[T, int]] = deque()
        self._held_bytes = 0
        self._peak_bytes = 0
        self._refused = 0
        self._closed = False
        self._changed = threading.Condition()

    def set_limit(self, limit_bytes: int) -> None:
        """Bound it anew; what it holds already stays, should that be more."""
        if limit_bytes <= 0:
            raise ValueError("a queue needs a positive bound")
        with self._changed:
            self._limit_bytes = limit_bytes

    def offer(self, item: T, size_bytes: int) -> bool:
        """Add the item unless the bound would be passed; a queue that holds no byte takes an item of any size."""
        with self._changed:
            if not self._fits(size_bytes):
                self._refused += 1
                return False
            self._put(item, size_bytes)
            return True

    def has_room(self, size_bytes: int) -> bool:
        """Whether `offer` would take so many bytes; what it refuses counts as refused.

        With one producer a yes holds until he offers something: the consumer only makes room.
        """
        with self._changed:
            fits = self._fits(size_bytes)
            self._refused += not fits
            return fits

    def insist(self, item: T) -> None:
        """Add a control item that carries no payload: it counts as zero bytes and is never refused.

        Raises:
            ValueError: the queue is closed.
        """
        with self._changed:
            if self._closed:
                raise ValueError("the queue is closed")
            self._put(item, 0)

    def take(self, timeout_s: float | None = None) -> T | None:
        """The oldest item; None when the queue is closed and empty, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout_s)
            if not self._items:
                return None
            item, size_bytes = self._items.popleft()
            self._held_bytes -= size_bytes
            return item

    def close(self) -> None:
        """Refuse new items; `take` gives what is left, then None."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def statistics(self) -> QueueStatistics:
        """What the queue holds now."""
        with self._changed:
            return QueueStatistics(
                items=len(self._items),
                held_bytes=self._held_bytes,
                limit_bytes=self._limit_bytes,
                peak_bytes=self._peak_bytes,
                refused=self._refused,
            )

    def _fits(self, size_bytes: int) -> bool:
        return not self._closed and (not self._held_bytes or self._held_bytes + size_bytes <= self._limit_bytes)

    def _put(self, item: T, size_bytes: int) -> None:
        self._items.append((item, size_bytes))
        self._held_bytes += size_bytes
        self._peak_bytes = max(self._peak_bytes, self._held_bytes)
        self._changed.notify()
