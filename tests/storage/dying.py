"""A keeper that dies where a test says so, as its process would: no error handling takes part in it."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from storage.books import Books
from storage.ledger.machine import Body

B = TypeVar("B", bound=Body)


class Crash(BaseException):
    """The process dies here."""


def dies_before(patch: pytest.MonkeyPatch, where: Any, name: str) -> None:  # noqa: ANN401 -- a module, class or object
    """Die as this is called."""

    def dead(*_: object, **__: object) -> None:
        raise Crash

    patch.setattr(where, name, dead)


def dies_after_entry(patch: pytest.MonkeyPatch, kind: type[B], *, which: Callable[[B], bool] = lambda _: True) -> None:
    """Die once the ledger has such an entry of this kind, before the index has it."""
    append = Books.append

    async def appends(books: Books, drafts: Any) -> Any:  # noqa: ANN401 -- as the real one
        done = await append(books, drafts)
        if any(isinstance(draft.body, kind) and which(draft.body) for draft in drafts):
            raise Crash
        return done

    patch.setattr(Books, "append", appends)
