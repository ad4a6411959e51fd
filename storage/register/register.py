"""The register: one writer thread, and acts that are in the ledger before they have any effect."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from config.database import Location
from nvr.base.errors import Refused
from nvr.base.ids import ActId
from storage.register import journal
from storage.register.acts import Placed, Proposal, placed
from storage.register.database import erase_leftovers, open_database
from storage.register.ports import RegisterLedger
from storage.register.tables import Act

P = ParamSpec("P")
T = TypeVar("T")

ENTRIES_PER_READ: Final = 150
"""So many of the longest entries, quotes escaped, still fit into one frame of 16 MiB (docs/design/processes.md)."""


class Register:
    """People's acts and what follows from them.

    Every access to the database runs in one thread of the register's own. `act` is a critical section: what it
    checked still holds when the ledger has answered.
    """

    def __init__(self, engine: Engine, ledger: RegisterLedger, thread: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._ledger = ledger
        self._thread = thread
        self._acting = asyncio.Lock()
        self._watching: list[Callable[[Session], None]] = []

    @classmethod
    async def open(cls, location: Location, ledger: RegisterLedger) -> Self:
        """Open or make the database, take what the ledger has and the register lacks, drop what never happened.

        Raises:
            ConfigError: the database can not be used.
            Retryable: the keeper, the disk or the server does not answer, or another process writes the register.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="register")
        try:
            engine = await asyncio.get_running_loop().run_in_executor(thread, open_database, location)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        register = cls(engine, ledger, thread)
        try:
            await register._catch_up()
            for batch in await register.read(journal.pending):
                await register._write(journal.drop, batch)
        except BaseException:
            await register.close()
            raise
        return register

    async def close(self) -> None:
        """Let what runs end, and close the database."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        await asyncio.to_thread(self._thread.shutdown)

    async def act(self, propose: Callable[[Session], Sequence[Proposal]]) -> tuple[Placed, ...]:
        """Check, append to the ledger, then change the tables: the entries as the ledger has them.

        `propose` runs in the register's thread; it looks at the tables, raises Refused, or gives what is to be
        appended as one group. It must not write.

        Raises:
            Refused: by `propose`, or by the ledger; nothing was changed.
            Retryable: the keeper does not answer. Whether the act happened is settled before the next one does.
        """
        async with self._acting:
            await self._settle()
            batch = await self._write(lambda session: journal.add_pending(session, propose(session)))
            return await self._append(batch) if batch else ()

    async def read(self, question: Callable[[Session], T]) -> T:
        """The answer of a function that looks at the tables; it runs in the register's thread."""

        def ask() -> T:
            with Session(self._engine) as session:
                return question(session)

        return await asyncio.get_running_loop().run_in_executor(self._thread, ask)

    def watch(self, look: Callable[[Session], None]) -> None:
        """Have `look` called after every change, in the register's thread, before whoever made it has its answer."""
        self._watching.append(look)

    async def rebuild(self) -> None:
        """Derive all tables again from the acts."""
        async with self._acting:
            await self._write(journal.rebuild)

    async def erase_personal(self, act: ActId) -> None:
        """Erase the personal values of an act, and derive the tables without them; the entry stays as it is.

        Raises:
            Refused: there is no such act (`unknown-act`).
        """

        def erase(session: Session) -> None:
            row = session.scalar(select(Act).where(Act.act == act, Act.ledger_index.is_not(None)))
            if row is None:
                raise Refused("unknown-act", act=act)
            row.personal = None
            session.flush()
            journal.rebuild(session)

        async with self._acting:
            await self._write(erase)
            await asyncio.get_running_loop().run_in_executor(self._thread, erase_leftovers, self._engine)

    async def _append(self, batch: journal.Batch) -> tuple[Placed, ...]:
        try:
            answers = await self._ledger.append([proposal.to_wire() for _, proposal in batch])
        except Refused:
            await self._write(journal.drop, batch)
            raise
        entries = tuple(placed(answer.index, answer.leaf) for answer in answers)
        await self._write(journal.complete, batch, entries, [answer.leaf for answer in answers])
        return entries

    async def _settle(self) -> None:
        """End the doubt that a lost answer left: what the ledger lacks is sent again, with the same act ids."""
        if not await self.read(journal.pending):
            return
        await self._catch_up()
        for batch in await self.read(journal.pending):
            if any(proposal.act is None for _, proposal in batch):
                # Nothing tells a second one from the first: whoever asked for it will ask again.
                await self._write(journal.drop, batch)
            else:
                await self._append(batch)

    async def _catch_up(self) -> None:
        """Take the entries that the ledger has and the register has not seen."""
        at = await self.read(journal.ledger_size)
        while entries := await self._ledger.entries(at, ENTRIES_PER_READ):
            rows = [(stored.index, stored.leaf) for stored in entries]
            await self._write(journal.take, rows)
            at = rows[-1][0] + 1

    async def _write(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with Session(self._engine) as session, session.begin():
                done = work(session, *args, **kwargs)
            if self._watching:
                with Session(self._engine) as session:
                    for look in self._watching:
                        look(session)
            return done

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)
