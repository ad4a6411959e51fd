"""Turns: what concerns one thing goes one after the other, and does not wait for what concerns another."""

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """A lock for each name, kept as long as somebody holds it or waits for it. The event loop alone uses it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """The lock of this name."""
        return self._locks.setdefault(name, asyncio.Lock())
