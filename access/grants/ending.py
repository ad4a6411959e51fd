"""The end of a grant before its time, and its second beginning once it is over."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.grants.opening import Opening
from access.grants.parts import GrantParts
from access.grants.store import GrantStore, GrantWiped
from access.policy import ActName, Object, Person, demand
from access.reading import about_requisition, grant_row, requisition_row
from access.requisitions.validation import DEFAULT_VALID_DAYS, MOST_VALID_DAYS
from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, Refused
from nvr.base.ids import ActId, GrantId, uuid7
from nvr.base.units import US_PER_DAY, UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register
from storage.vault.hpke import PublicKey

_log: Final = logging.getLogger(__name__)


class GrantEnds:
    """Revokes and reopens grants, and wipes what is kept of those that ended."""

    def __init__(
        self, register: Register, store: GrantStore, opening: Opening, parts: GrantParts, clock: Clock
    ) -> None:
        self._register = register
        self._store = store
        self._opening = opening
        self._parts = parts
        self._clock = clock

    async def revoke(self, person: Person, args: Arguments) -> GrantId:
        """End a grant for good: in the ledger first, then its key and its answers are gone, and whatever runs ends.

        Raises:
            Denied: `person` is neither a validator nor its opener, it is revoked already, or its requisition closed.
            InvalidValue: there is no such grant, or no reason.
            Retryable: the keeper does not answer; the grant goes on.
        """
        name, personal = args.text("grant"), Personal(salted(reason=args.text("reason")))
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            now = self._clock.utc_us()
            about = about_requisition(session, requisition_row(session, grant_row(session, name).requisition))
            role = demand(person, ActName.GRANT_REVOKE, about, now)
            body = people.Revoke(grant=name, reason=personal.committed["reason"].commitment)
            return [Proposal(ActId(uuid7(now)), Actor(id=person.account, role=role), body, personal)]

        await self._register.act(propose)
        await self.wipe(GrantId(name))
        return GrantId(name)

    async def reopen(self, person: Person, args: Arguments) -> GrantId:
        """Give a grant that is over another validity, with a fresh release key: its custodians answer anew.

        The same goes for one that is still valid and whose key is lost, after a restore for example: nobody can answer
        it.

        Raises:
            Denied: `person` may not, or asked for it (`same-person`), or it is not over (`grant-valid`), or revoked.
            InvalidValue: there is no such grant, or a value is wrong.
            Retryable: the keeper does not answer.
        """
        name, personal = args.text("grant"), Personal(salted(checked=args.text("checked")))
        days = args.optional_integer("valid_days", least=1, most=MOST_VALID_DAYS) or DEFAULT_VALID_DAYS
        args.done()
        grant = GrantId(name)
        async with self._opening.collecting:
            lost = await self._settled(person, grant)
            await asyncio.to_thread(self._store.wipe, grant)
            pair = await asyncio.to_thread(self._store.new, grant)

            def propose(session: Session) -> Sequence[Proposal]:
                now = self._clock.utc_us()
                row = grant_row(session, grant)
                about = replace(_about(session, row), key_lost=lost)
                role = demand(person, ActName.GRANT_REOPEN, about, now)
                until = UtcUs(now + days * US_PER_DAY)
                body = _again(row, pair.public, until, personal.committed["checked"].commitment)
                return [Proposal(ActId(uuid7(now)), Actor(id=person.account, role=role), body, personal)]

            try:
                await self._register.act(propose)
            except Refused:
                await asyncio.to_thread(self._store.wipe, grant)
                raise
        return grant

    async def wipe(self, grant: GrantId) -> bool:
        """Overwrite and remove what is kept of a grant, and what is on its way; whether there was anything."""
        async with self._opening.collecting:
            await self._parts.drop(grant)
            return await asyncio.to_thread(self._store.wipe, grant)

    async def _settled(self, person: Person, grant: GrantId) -> bool:
        """Whether the grant's key is lost, once no earlier reopening is in doubt. Raises as `reopen`."""
        lost = False

        def check(session: Session) -> Sequence[Proposal]:
            nonlocal lost
            row = grant_row(session, grant)
            lost = self._is_key_lost(row)
            demand(person, ActName.GRANT_REOPEN, replace(_about(session, row), key_lost=lost), self._clock.utc_us())
            return []

        await self._register.act(check)
        return lost

    def _is_key_lost(self, row: tables.Grant) -> bool:
        try:
            return self._store.release_key(GrantId(row.grant)).public.text != row.release_public
        except GrantWiped:
            return True
        except EvidenceAtRisk as error:
            _log.error("the release key of %s can not be used: %s", row.grant, error)
            return True


def _about(session: Session, row: tables.Grant) -> Object:
    return about_requisition(session, requisition_row(session, row.requisition))


def _again(row: tables.Grant, release: PublicKey, until_utc_us: UtcUs, checked: str) -> people.Grant:
    """The grant with the same scope, as it is from now on."""
    return people.Grant(
        grant=row.grant,
        requisition=row.requisition,
        cameras=tuple(row.cameras),
        from_utc_us=row.from_utc_us,
        to_utc_us=row.to_utc_us,
        valid_until_utc_us=until_utc_us,
        opener=row.opener,
        requested_by=row.requested_by,
        release_public=release.text,
        checked=checked,
        reopens=row.grant_index,
    )
