"""From a validated requisition to record keys: the grant, its release, the file for the custodians, their answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.grants.custodians import CustodianSets
from access.grants.ending import GrantEnds
from access.grants.files import GrantFiles, SeveralSets
from access.grants.opening import Opening, packed_answer
from access.grants.parts import MOST_ANSWER_BYTES, GrantParts
from access.grants.releasing import Released, Releasing
from access.grants.store import GrantStore
from access.policy import ActName, Denied, Person, demand, is_over
from access.ports import IndexPort, LedgerPort
from access.reading import about_requisition, as_json, grant_row, logged_utc_us, requisition_row
from access.requisitions.validation import Validation
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, NvrError, Refused, Retryable
from nvr.base.ids import GrantId, is_uuid7, uuid7
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.keyring import KeyringReader
from storage.register import tables
from storage.register.register import Register
from storage.register.tables import RequisitionState
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
        self.releasing = Releasing(register, ledger, index, keys.sets, clock)
        self.files = GrantFiles(register, ledger, keys.keyring, keys.machine, keys.store, keys.sets)
        self.parts = GrantParts(keys.store)
        self._opening = Opening(register, ledger, keys.store, keys.sets)
        self._ends = GrantEnds(register, keys.store, self._opening, self.parts, clock)
        self.read_part = self.parts.read
        """The call `grant_read`."""
        self.write_part = self.parts.write
        """The call `grant_write`."""
        self._began_utc_us = clock.utc_us()
        self._looked_at: set[GrantId] = set()

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
        waits = await self._waits(grant, person)
        return {**await self._shown(grant), "release_waits": waits}

    async def revoke(self, person: Person, args: Arguments) -> dict[str, Json]:
        """End a grant for good: see `GrantEnds.revoke`."""
        return await self._shown(await self._ends.revoke(person, args))

    async def reopen(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Prolong a grant that is over: see `GrantEnds.reopen`; the collection begins anew."""
        grant = await self._ends.reopen(person, args)
        waits = await self._waits(grant, person)
        return {**await self._shown(grant), "release_waits": waits, "collected_anew": True}

    async def file(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Stage the file for the custodians, with the answers that came so far: token and size, for `read_part`.

        It releases first if that is due.
        `from_sizes` are checkpoint sizes that custodians' tools saw last, where access does not know them.

        Raises:
            Denied: `person` may not, or the grant is over or revoked, or needs a witness.
            InvalidValue: there is no such grant.
            NothingToRelease, SeveralSets, GrantWiped: there is no file.
            Retryable: the keeper does not answer.
        """
        name, sizes = args.text("grant"), args.optional_integers("from_sizes")
        args.done()
        grant = GrantId(name)
        row, released = await self.released(person, ActName.GRANT_FILE, grant)
        if len(released.sets) > 1:
            raise SeveralSets(grant=grant, sets=len(released.sets))
        checkpoint = await self.files.checkpoint([(row, released)])
        file = await self.files.make(row, released, released.sets[0], checkpoint, sizes)
        packed = await asyncio.to_thread(file.pack)
        await self.allow(person, ActName.GRANT_FILE, grant)
        return await self.parts.stage(grant, person.account, packed)

    async def released(self, person: Person, act: ActName, grant: GrantId) -> tuple[tables.Grant, Released]:
        """The grant with what is released of it; it is released first if that is due.

        Raises:
            Denied: `person` may not do this, or the grant is over or revoked, or needs a witness.
            InvalidValue: there is no such grant.
            NothingToRelease: no footage of it can be had.
            Retryable: the keeper does not answer.
        """
        await self.allow(person, act, grant)
        await self.releasing.release(grant, person.account)
        row = await self._row(grant)
        return row, await self.releasing.released(row)

    async def upload(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Make room for an answer of `size` bytes: the token for `write_part`, and for `answer`.

        Raises:
            Denied: `person` may not, or the grant is over.
            InvalidValue: there is no such grant, or it is too long.
        """
        name, size = args.text("grant"), args.integer("size", least=1, most=MOST_ANSWER_BYTES)
        args.done()
        await self.allow(person, ActName.GRANT_UPLOAD, GrantId(name))
        return await self.parts.expect(GrantId(name), person.account, size)

    async def answer(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a custodian's answer: it is kept durably; with record keys, the grant is open.

        It is `answer`, an object, or what was written for `token` if it is too long for one frame. `set` says under
        which custodian set, where the footage was sealed under several.

        Raises:
            Denied: `person` may not, or the grant is over or revoked, or not released (`not-released`).
            InvalidValue: it is no answer to this grant by a seat of its set.
            AnsweredKeyWrong: a key is not its record's; nothing was kept.
        """
        name, given, token = args.text("grant"), args.optional_object("answer"), args.optional_text("token")
        set_hash = args.optional_text("set")
        args.done()
        grant = GrantId(name)
        await self.allow(person, ActName.GRANT_ANSWER, grant)
        packed = packed_answer(given) if token is None else await self.parts.take(token, grant, person.account)
        return await self.take(person, ActName.GRANT_ANSWER, grant, set_hash, packed)

    async def take(
        self, person: Person, act: ActName, grant: GrantId, set_hash: str | None, packed: bytes
    ) -> dict[str, Json]:
        """Take one answer; whoever revokes the grant meanwhile comes first. Raises as `answer`."""
        await self.allow(person, act, grant)
        row = await self._row(grant)
        if row.release_index is None:
            raise Denied(rule="not-released", what=act, object=row.requisition)
        released = await self.releasing.released(row)
        if set_hash is None and len(released.sets) == 1:
            set_hash = released.sets[0]
        if set_hash not in released.sets:
            raise InvalidValue(field="set", value=set_hash, expected=f"one of {', '.join(released.sets)}")
        try:
            return await self._opening.take(row, released, set_hash, packed, person.account)
        finally:
            await self.allow(person, act, grant)

    async def housekeep(self) -> None:
        """Wipe what is over, closed or never happened; then log openings that a crash cut off, keep the set in force.

        A fault of one grant, or of what is kept beside, is told and ends nothing else: no key outlives its grant.
        """
        grants = [grant for grant in await asyncio.to_thread(self._keys.store.grants) if is_uuid7(grant)]
        kept = [grant for grant in grants if not await self._apart(grant, partial(self._wipe_if_over, grant))]
        await self._apart("staging", self.parts.housekeep)
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
        return over and await self._ends.wipe(grant)

    async def _log_if_opened(self, grant: GrantId) -> None:
        row, sets = await self._find(grant), await self._opening.sets_with_keys(grant)
        if row is None or not sets:
            return
        if row.open_index is None or (sets > 1 and grant not in self._looked_at):
            # Of what is open a crash may have cut off the entry for a second custodian set: looked at once.
            async with self._opening.collecting:
                await self._opening.log(grant, await self.releasing.released(row))
        self._looked_at.add(grant)

    async def _find(self, grant: GrantId) -> tables.Grant | None:
        return await self._register.read(lambda session: session.get(tables.Grant, grant))

    async def sets_with_keys(self, grant: GrantId) -> int:
        """Of how many custodian sets record keys came."""
        return await self._opening.sets_with_keys(grant)

    async def allow(self, person: Person, act: ActName, grant: GrantId) -> None:
        """Raises Denied, InvalidValue: the person may not do this with the grant now, or there is none."""

        def check(session: Session) -> None:
            row = grant_row(session, grant)
            about = about_requisition(session, requisition_row(session, row.requisition))
            demand(person, act, about, self._clock.utc_us())

        await self._register.read(check)

    async def _row(self, grant: GrantId) -> tables.Grant:
        return await self._register.read(lambda session: grant_row(session, grant))

    async def _waits(self, grant: GrantId, person: Person) -> str | None:
        """Release it; why that waits, if it does. The grant stands: `grant.file` tries again, and tells why not."""
        try:
            await self.releasing.release(grant, person.account)
        except (Refused, Retryable) as error:
            _log.warning("the release of %s waits: %s", grant, error)
            return error.rule if isinstance(error, Denied) else error.message_id
        return None

    async def _shown(self, grant: GrantId) -> dict[str, Json]:
        def show(session: Session) -> dict[str, Any]:
            row = grant_row(session, grant)
            return {**as_json(row), "state": requisition_row(session, row.requisition).state}

        return await self._register.read(show)


def _is_over(session: Session, *, grant: GrantId, now_utc_us: UtcUs) -> bool:
    row = grant_row(session, grant)
    ended = row.revoked_utc_us is not None
    ended = ended or requisition_row(session, row.requisition).state == RequisitionState.CLOSED
    return ended or is_over(UtcUs(row.valid_until_utc_us), now_utc_us, logged_utc_us(session, row))


def _made_utc_us(grant: GrantId) -> int:
    return int(grant[:12], 16) * 1000  # the Unix milliseconds of a UUIDv7
