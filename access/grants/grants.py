"""From a validated requisition to record keys: the grant, its release, the file for the custodians, their answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.continuation import continued_at
from access.grants.custodians import CustodianSets
from access.grants.files import Contents, build_grant_file
from access.grants.opening import Opening, packed_answer
from access.grants.parts import MOST_ANSWER_BYTES, GrantParts
from access.grants.releasing import Releasing
from access.grants.store import GrantStore
from access.policy import ActName, Denied, Person, demand, is_over
from access.ports import IndexPort, LedgerPort
from access.reading import about_requisition, as_json, checked_of, grant_row, logged_utc_us, requisition_row
from access.requisitions.validation import Validation
from nvr.base.clock import Clock
from nvr.base.errors import NvrError, Refused, Retryable
from nvr.base.ids import GrantId, is_uuid7, uuid7
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.keyring import KeyringReader
from storage.register import tables
from storage.register.register import Register
from storage.register.tables import RequisitionState
from storage.vault.answer import AnswerKind
from storage.vault.hpke import KeyPair

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GrantKeys:
    """What opening needs of the server; `machine` is used for segments of a logged release alone."""

    store: GrantStore
    sets: CustodianSets
    keyring: KeyringReader
    machine: KeyPair = field(repr=False)


class Grants:
    """The acts on grants."""

    def __init__(self, register: Register, ledger: LedgerPort, index: IndexPort, keys: GrantKeys, clock: Clock) -> None:
        self._register = register
        self._ledger = ledger
        self._keys = keys
        self._clock = clock
        self._releasing = Releasing(register, ledger, index, clock)
        self._opening = Opening(register, ledger, keys.store, keys.sets)
        self._parts = GrantParts(keys.store)
        self.read_part = self._parts.read
        """The call `grant_read`."""
        self.write_part = self._parts.write
        """The call `grant_write`."""
        self._began_utc_us = clock.utc_us()

    async def validate(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Validate a requisition, narrowed if asked; the grant, with why its release waits if it does.

        Raises:
            Denied: `person` may not, or made the requisition (`same-person`), or it is decided.
            InvalidValue: a value is wrong, or reaches beyond what was asked for, or into the future.
            Retryable: the keeper does not answer.
        """
        validation = Validation.take(args)
        args.done()
        await self._register.read(lambda session: validation.check(session, person, self._clock.utc_us()))
        grant = GrantId(uuid7(self._clock.utc_us()))
        pair = await asyncio.to_thread(self._keys.store.new, grant)
        try:
            await self._register.act(
                lambda session: validation.propose(session, person, grant, pair.public, self._clock.utc_us())
            )
        except Refused:
            await asyncio.to_thread(self._keys.store.wipe, grant)
            raise
        waits = None
        try:
            await self._releasing.release(grant, person.account)
        except (Refused, Retryable) as error:
            # The grant stands; `grant.file` tries again, and tells why it can not.
            _log.warning("the release of %s waits: %s", grant, error)
            waits = error.message_id
        return {**await self._shown(grant), "release_waits": waits}

    async def file(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Stage the file for the custodians, with the answers that came so far: token and size, for `read_part`.

        It releases first if that is due.
        `from_sizes` are checkpoint sizes that custodians' tools saw last, where access does not know them.

        Raises:
            Denied: `person` may not, or the grant is over.
            InvalidValue: there is no such grant.
            NothingToRelease, SeveralSets, GrantWiped: there is no file.
            Retryable: the keeper does not answer.
        """
        name, sizes = args.text("grant"), args.optional_integers("from_sizes")
        args.done()
        await self._allow(person, ActName.GRANT_FILE, name)
        grant = GrantId(name)
        await self._releasing.release(grant, person.account)
        row = await self._row(grant)
        scope = await self._releasing.released(row)
        answers = await asyncio.to_thread(self._keys.store.answers, grant)
        seen = await asyncio.to_thread(self._keys.store.seen)
        custodians = await asyncio.to_thread(self._keys.sets.find, scope.files[0].header.set_hash)
        contents = Contents(
            grant_index=row.grant_index,
            release_indices=await self._releasing.indices(grant),
            scope=scope,
            custodians=custodians,
            answers=tuple(answer for answer in answers if answer.kind is AnswerKind.SHARES),
            from_sizes={*sizes, *seen.values()},
            continued=await self._register.read(continued_at),
            checked=await self._register.read(lambda session: checked_of(session, row)),
        )
        file = await build_grant_file(self._ledger, self._keys.keyring, self._keys.machine, contents)
        return await self._parts.stage(grant, person.account, await asyncio.to_thread(file.pack))

    async def upload(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Make room for an answer of `size` bytes: the token for `write_part`, and for `answer`.

        Raises:
            Denied: `person` may not, or the grant is over.
            InvalidValue: there is no such grant, or it is too long.
        """
        name, size = args.text("grant"), args.integer("size", least=1, most=MOST_ANSWER_BYTES)
        args.done()
        await self._allow(person, ActName.GRANT_UPLOAD, name)
        return await self._parts.expect(GrantId(name), person.account, size)

    async def answer(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a custodian's answer: it is kept durably; with record keys, the grant is open.

        It is `answer`, an object, or what was written for `token` if it is too long for one frame.

        Raises:
            Denied: `person` may not, or the grant is over, or not released (`not-released`).
            InvalidValue: it is no answer to this grant by a seat of its set.
            AnsweredKeyWrong: a key is not its record's; nothing was kept.
        """
        name, given, token = args.text("grant"), args.optional_object("answer"), args.optional_text("token")
        args.done()
        await self._allow(person, ActName.GRANT_ANSWER, name)
        grant = GrantId(name)
        row = await self._row(grant)
        if row.release_index is None:
            raise Denied(rule="not-released", what=ActName.GRANT_ANSWER, object=name)
        packed = packed_answer(given) if token is None else await self._parts.take(token, grant, person.account)
        return await self._opening.take(row, await self._releasing.released(row), packed, person.account)

    async def housekeep(self) -> None:
        """Wipe what is over, closed or never happened; then log openings that a crash cut off, keep the set in force.

        A fault of one grant, or of what is kept beside, is told and ends nothing else: no key outlives its grant.
        """
        grants = [grant for grant in await asyncio.to_thread(self._keys.store.grants) if is_uuid7(grant)]
        kept = [grant for grant in grants if not await self._apart(grant, partial(self._wipe_if_over, grant))]
        await self._apart("staging", self._parts.housekeep)
        await self._apart("custodians.json", partial(asyncio.to_thread, self._keys.sets.keep_published))
        for grant in kept:
            await self._apart(grant, partial(self._log_if_opened, grant))

    async def _apart(self, name: str, work: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await work()
        except (NvrError, OSError) as error:
            _log.error("housekeeping of grants: %s: %s", name, error)
            return None

    async def _wipe_if_over(self, grant: GrantId) -> bool:
        """Wipe the grant if nothing of it is needed any more; whether it was."""
        row = await self._find(grant)
        if row is None:
            # One of this process may be on its way to the ledger; one of another process never got there.
            over = _made_utc_us(grant) < self._began_utc_us
        else:
            over = await self._register.read(partial(_is_over, grant=grant, now_utc_us=self._clock.utc_us()))
        return over and await asyncio.to_thread(self._keys.store.wipe, grant)

    async def _log_if_opened(self, grant: GrantId) -> None:
        row = await self._find(grant)
        if row is not None and row.open_index is None and await self._opening.has_keys(grant):
            await self._opening.log(grant, await self._releasing.released(row))

    async def _find(self, grant: GrantId) -> tables.Grant | None:
        return await self._register.read(lambda session: session.get(tables.Grant, grant))

    async def _allow(self, person: Person, act: ActName, grant: str) -> None:
        def check(session: Session) -> None:
            row = grant_row(session, grant)
            about = about_requisition(session, requisition_row(session, row.requisition))
            demand(person, act, about, self._clock.utc_us())

        await self._register.read(check)

    async def _row(self, grant: GrantId) -> tables.Grant:
        return await self._register.read(lambda session: grant_row(session, grant))

    async def _shown(self, grant: GrantId) -> dict[str, Json]:
        def show(session: Session) -> dict[str, Any]:
            row = grant_row(session, grant)
            return {**as_json(row), "state": requisition_row(session, row.requisition).state}

        return await self._register.read(show)


def _is_over(session: Session, *, grant: GrantId, now_utc_us: UtcUs) -> bool:
    row = grant_row(session, grant)
    closed = requisition_row(session, row.requisition).state == RequisitionState.CLOSED
    return closed or is_over(UtcUs(row.valid_until_utc_us), now_utc_us, logged_utc_us(session, row))


def _made_utc_us(grant: GrantId) -> int:
    return int(grant[:12], 16) * 1000  # the Unix milliseconds of a UUIDv7
