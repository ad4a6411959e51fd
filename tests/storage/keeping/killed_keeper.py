"""A real keeper that is killed at a named step of destruction (docs/design/storage.md "The life of a segment").

`python -m tests.storage.keeping.killed_keeper DIRECTORY STEP` runs a retention pass over what `destroying.make` made
there, and kills itself right after the step.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from storage import disk
from storage.books import Books
from storage.ledger.machine import Expire, Expired
from tests.storage.keeping.destroying import keeper_when_due

DISK_STEPS: Final = {
    # step: call of storage.disk, end of the path that it is for, which of them
    "D3 in one place": ("fdatasync", ".keys", 1),
    "D3": ("fdatasync", ".keys", 2),
    "D4 of one file": ("unlink", ".svs", 1),
    "D4": ("fsync", "/segments/place-mairie/20260921", 1),
}
STEPS: Final = ("D1", "D2", *DISK_STEPS, "D5", "D6")


async def main(directory: Path, step: str) -> None:
    keeper, _ = await keeper_when_due(directory)
    if step in DISK_STEPS:
        call, suffix, number = DISK_STEPS[step]
        setattr(disk, call, _deadly(getattr(disk, call), suffix, number))
    else:
        _die_in_the_books(step)
    await keeper.retention_pass()
    raise AssertionError(f"lived through {step}")


def _die_in_the_books(step: str) -> None:
    append, follow = Books.append, Books.follow
    entry = Expire if step in {"D1", "D2"} else Expired
    appended = False

    async def appends(books: Books, drafts: Any) -> Any:  # noqa: ANN401 -- as the real one
        nonlocal appended
        done = await append(books, drafts)
        appended = any(isinstance(draft.body, entry) for draft in drafts)
        if appended and step in {"D1", "D5"}:
            _die()
        return done

    async def follows(books: Books) -> Any:  # noqa: ANN401 -- as the real one
        done = await follow(books)
        if appended:
            _die()
        return done

    patch.multiple(Books, append=appends, follow=follows).start()


def _deadly(real: Callable[..., Any], suffix: str, number: int) -> Callable[..., Any]:
    left = number

    def call(target: Path | int, *args: Any) -> Any:  # noqa: ANN401 -- whatever the real call takes
        nonlocal left
        path = target if isinstance(target, Path) else Path(f"/proc/self/fd/{target}").readlink()
        done = real(target, *args)
        left -= str(path).endswith(suffix)
        if left == 0:
            _die()
        return done

    return call


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
