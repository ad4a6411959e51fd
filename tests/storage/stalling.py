"""A disk that hangs: calls on files below one directory wait until they are let go."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from storage import disk
from tests.storage.faulty import CHANGING, NAMING, is_below

LONGEST_S: Final = 50.0
"""A test that forgets to let go fails, and does not hang."""


class StallingDisk:
    """While held, every call that writes below the directory, and the sync of its file system, waits.

    `reached` is set once a call waits; `release` lets all go on, and later calls are not held.
    """

    def __init__(self, patch: pytest.MonkeyPatch, below: Path) -> None:
        self.reached = threading.Event()
        self._below = str(below)
        self._free = threading.Event()
        self._free.set()
        for name in (*CHANGING, *NAMING):
            patch.setattr(disk, name, self._held(getattr(disk, name)))

    def hold(self) -> None:
        self.reached.clear()
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    def _held(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- whatever the real call takes
            if not self._free.is_set() and is_below(first, self._below):
                self.reached.set()
                if not self._free.wait(LONGEST_S):
                    raise TimeoutError("the disk was never let go")
            return real(first, *args, **kwargs)

        return call
