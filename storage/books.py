"""The ledger, and the index that follows it, as the keeper uses them together.

An act that protects footage is in the index before it is answered, and no destruction goes on meanwhile: a hold that
was answered wins against every destruction that comes after it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from config.database import Location
from nvr.base.errors import Retryable
from nvr.base.units import US_PER_DAY, UtcUs
from storage import database_faults, databases
from storage.faults import Fault
from storage.index.database import IndexDamaged, unavailable
from storage.index.queries import IndexReader
from storage.index.rows import Progress
from storage.index.wholeness import Wholeness
from storage.index.writer import Index
from storage.ledger.people import Hold, Unhold
from storage.ledger.reader import DATABASE_NAME, LedgerReader
from storage.ledger.service import Draft, LedgerService
from storage.ledger.store import Appended

T = TypeVar("T")
P = ParamSpec("P")
Demand = Callable[[Sequence[Draft]], Awaitable[None]]

PROTECTING: Final = (Hold, Unhold)
INDEX_REBUILT: Final = "index-rebuilt"
REBUILT_TOLD_US: Final = 7 * US_PER_DAY
"""So long a person is told that the index was made anew: once in each daily report of a week."""
_log: Final = logging.getLogger(__name__)


class IndexBehind(Retryable):
    """The index has not applied the whole ledger: a hold may be missing in it, and nothing may be destroyed."""

    message_id = "index-behind"


async def _anything(_: Sequence[Draft]) -> None:
    """Nothing stands against any append."""


class Books:
    """Appends go to the ledger; `follow` brings the index up to it. One thread owns the index."""

    def __init__(self, ledger: LedgerService, ledger_directory: Path, index: Location) -> None:
        self.ledger = ledger
        self.destruction = asyncio.Lock()
        """Held while keys and files are destroyed, and while a hold enters."""
        self.demand: Demand = _anything
        """Asked before each append, whoever appends; it raises what stands against it."""
        self._ledger_path = ledger_directory / DATABASE_NAME
        self._location = index
        self.progress: Progress | None = None
        """How far the index had come when it last followed."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._index: Index | None = None
        self._reader: LedgerReader | None = None
        self._survey_reader: IndexReader | None = None
        self._is_damaged = False
        self._rebuilt_utc_us: UtcUs | None = None

    @property
    def faults(self) -> dict[str, str]:
        """What a person has to look at."""
        rebuilt = self._rebuilt_utc_us
        if rebuilt is None or self.ledger.now_utc_us() - rebuilt >= REBUILT_TOLD_US:
            return {}
        told = f"the index was damaged or gone, and was made anew from the ledger: rebuilt_utc_us={rebuilt}"
        return {INDEX_REBUILT: Fault.told(told, INDEX_REBUILT, rebuilt_utc_us=rebuilt)}

    async def start(self, *, rebuild: bool = False) -> None:
        """Open the index, or begin an empty one, and apply what the ledger has. The ledger service must be started.

        A damaged index is set aside, and one that is damaged or gone is begun anew: all of it follows from the ledger.
        That nobody asked for it (`rebuild`) is one of the `faults`.

        Raises:
            ConfigError: the index is of another version.
            IndexUnavailable: the disk or the server does not give it.
            DatabaseInUse: another keeper writes it.
            IndexAhead: the ledger is an old copy.
        """

        def opened() -> tuple[Index, LedgerReader, IndexReader]:
            index = Index.anew(self._location) if rebuild else self._open_index()
            return index, LedgerReader(self._ledger_path), IndexReader.at(self._location)

        self._index, ledger, self._survey_reader = await self._in_thread(self._answered(opened))
        self._reader = ledger
        if not rebuild:
            await self.ask(_note_if_rebuilt, ledger, self.ledger.now_utc_us())
        self._rebuilt_utc_us = await self.ask(Index.rebuilt_utc_us)
        await self.follow()

    def _open_index(self) -> Index:
        try:
            return Index(self._location)
        except IndexDamaged as error:
            _log.error("%s", error)
            self._set_aside()
            return Index(self._location)

    def _set_aside(self) -> None:
        aside = databases.set_aside(self._location, self.ledger.now_utc_us())
        _log.error("the damaged index is set aside as %s, and made anew from the ledger", aside)

    async def check(self) -> None:
        """Read the whole index, beside everything else; cancelled, it is left at once.

        Raises:
            IndexDamaged: the keeper has to end; the next start makes the index anew.
            IndexUnavailable: the disk does not give it.
        """
        wholeness = Wholeness(self._location)
        try:
            await asyncio.to_thread(wholeness.check)
        except IndexDamaged:
            self._is_damaged = True
            raise
        finally:
            wholeness.end()

    async def close(self) -> None:
        """Let go of the index, and set it aside if it is damaged; whoever started the ledger service closes it."""
        for part in (self._survey_reader, self._index, self._reader):
            if part is not None:
                await self._in_thread(part.close)
        if self._is_damaged:
            await self._in_thread(self._set_aside)
        self._thread.shutdown(wait=False)

    async def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Append the group. When it answers, a hold among it is in the index too.

        Raises as `demand` does, and the service.
        """
        await self.demand(drafts)
        if not any(isinstance(draft.body, PROTECTING) for draft in drafts):
            return await self.ledger.append(drafts)
        async with self.destruction:
            appended = await self.ledger.append(drafts)
            await self.follow()
        return appended

    async def follow(self) -> Progress:
        """Apply to the index all that the ledger has now; how far it came.

        Raises:
            IndexBehind: it could not be brought there.
            IndexUnavailable: the disk or the server does not give it, or takes nothing for it.
        """
        size = await self.ledger.size()
        reader = self._reader
        if reader is None:
            raise RuntimeError("the books were not opened")
        self.progress = progress = await self.ask(Index.catch_up, size, reader.entries)
        if progress.applied_size < size:
            raise IndexBehind(applied=progress.applied_size, ledger=size)
        return progress

    async def ask(self, question: Callable[Concatenate[Index, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Put a short question, or a write, to the index in its thread: `ask(Index.segment, seg)`."""
        index = self._index
        if index is None:
            raise RuntimeError("the books were not opened")
        return await self._in_thread(self._answered(lambda: question(index, *args, **kwargs)))

    async def survey(self, question: Callable[Concatenate[IndexReader, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Put a long question to the index, in a thread where no write waits for it."""
        reader = self._survey_reader
        if reader is None:
            raise RuntimeError("the books were not opened")
        return await asyncio.to_thread(self._answered(lambda: question(reader, *args, **kwargs)))

    def _answered(self, question: Callable[[], T]) -> Callable[[], T]:
        """The question, whose failure for want of a disk or a server is one that somebody acts on.

        A damaged index stays a fault of the program: it ends the keeper, whose next start makes the index anew.
        """

        def answer() -> T:
            try:
                return question()
            except DBAPIError as error:
                fault = databases.fault_of(error)
                if fault is database_faults.Fault.UNAVAILABLE:
                    raise unavailable(self._location, error) from error
                self._is_damaged |= fault is database_faults.Fault.DAMAGED
                raise

        return answer

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _note_if_rebuilt(index: Index, ledger: LedgerReader, now_utc_us: UtcUs) -> None:
    """Recorders are only heard where there is an index: one that is empty though they were is not the first."""
    if index.progress().applied_size == 0 and ledger.has_spooled():
        index.note_rebuilt(now_utc_us)
