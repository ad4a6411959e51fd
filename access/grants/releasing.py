"""The release of a grant: which segments its custodians may open, in the ledger before any machine part goes out."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from access.grants.facts import release_indices
from access.grants.sealed import OTHER_SET, Scope, collect, collect_released
from access.ports import IndexPort, LedgerPort
from access.reading import grant_row
from access.turns import Turns
from nvr.base.clock import Clock
from nvr.base.errors import Refused, Retryable
from nvr.base.ids import AccountId, CameraId, GrantId, SegmentId
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.ledger import machine
from storage.ledger.entries import ACCESS, decode
from storage.ledger.machine import SEGMENTS_PER_ENTRY
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register
from storage.register.tables import RequisitionState

ROTATION_MATTERS_US: Final = 15 * 60 * US_PER_SECOND
"""Footage older than this is sealed, whatever a recorder answers now."""

_log: Final = logging.getLogger(__name__)


class NothingToRelease(Refused):
    """No footage of the grant exists, or none can be read."""

    message_id = "nothing-to-release"


class SeveralSets(Refused):
    """The footage was sealed under more than one custodian set: one grant for each; `changes_utc_us` says where."""

    message_id = "several-sets"


class Releasing:
    """Logs releases, and finds again what they name."""

    def __init__(self, register: Register, ledger: LedgerPort, index: IndexPort, clock: Clock) -> None:
        self._register = register
        self._ledger = ledger
        self._index = index
        self._clock = clock
        self._turns = Turns()

    async def release(self, grant: GrantId, by: AccountId) -> None:
        """Log which segments are released, once they are sealed; nothing if that was done.

        What can not be read now is released with the others: it is missed, or opened once it can be read.

        Raises:
            NothingToRelease: no footage of the grant exists, or none can be read.
            SeveralSets: it was sealed under several custodian sets.
            Retryable: the keeper does not answer.
        """
        async with self._turns.of(grant):
            row = await self._register.read(lambda session: grant_row(session, grant))
            if row.release_index is not None:
                return
            cameras = [CameraId(camera) for camera in row.cameras]
            try:
                await self._ledger.rotate(cameras)
            except Retryable:
                if row.to_utc_us > self._clock.utc_us() - ROTATION_MATTERS_US:
                    raise
                _log.warning("no rotation for %s: its footage is old enough to be sealed", grant)
            scope = await collect(self._index, self._ledger, cameras, UtcUs(row.from_utc_us), UtcUs(row.to_utc_us))
            set_hash = _one_set(grant, scope)
            segments = scope.segments
            bodies = [
                machine.Release(
                    grant=grant, set=set_hash.hex(), segs=tuple(segments[first : first + SEGMENTS_PER_ENTRY]), by=by
                )
                for first in range(0, len(segments), SEGMENTS_PER_ENTRY)
            ]

            def propose(session: Session) -> Sequence[Proposal]:
                requisition = session.get_one(tables.Requisition, grant_row(session, grant).requisition)
                if requisition.state != RequisitionState.VALIDATED:
                    raise Refused("already-closed", requisition=requisition.requisition)
                return [Proposal(None, ACCESS, body) for body in bodies]

            await self._register.act(propose)

    async def released(self, row: tables.Grant) -> Scope:
        """What its releases name, as far as it can be had. Raises NothingToRelease."""
        segments = [SegmentId(segment) for segment in row.segs or ()]
        scope = await collect_released(
            self._index, self._ledger, segments, UtcUs(row.from_utc_us), UtcUs(row.to_utc_us)
        )
        scope = _of_set(scope, await self._set_of(GrantId(row.grant)))
        if not scope.files:
            raise NothingToRelease(grant=row.grant, unreadable=len(scope.unreadable))
        return scope

    async def _set_of(self, grant: GrantId) -> str | None:
        """The set that the grant's releases name."""
        for index in await self.indices(grant):
            body = decode(await self._ledger.entry(index)).body
            if isinstance(body, machine.Release):
                return body.set
        return None

    async def indices(self, grant: GrantId) -> list[int]:
        """The indices of the grant's releases in the ledger."""
        return await self._register.read(lambda session: release_indices(session, grant))


def _of_set(scope: Scope, set_hash: str | None) -> Scope:
    """The scope without files of another set: nobody knew theirs while they could not be read."""
    others = {file.segment: file.at for file in scope.files if file.header.set_hash.hex() != set_hash}
    return replace(
        scope,
        files=tuple(file for file in scope.files if file.segment not in others),
        granted={segment: seqs for segment, seqs in scope.granted.items() if segment not in others},
        unreadable={**scope.unreadable, **dict.fromkeys(others, OTHER_SET)},
        whereabouts={**scope.whereabouts, **others},
    )


def _one_set(grant: GrantId, scope: Scope) -> bytes:
    """The custodian set under which everything of the grant was sealed."""
    if not scope.files:
        raise NothingToRelease(grant=grant, unreadable=len(scope.unreadable))
    first = scope.files[0].header.set_hash
    other = next((file for file in scope.files if file.header.set_hash != first), None)
    if other is not None:
        raise SeveralSets(grant=grant, changes_utc_us=other.header.start_utc_us)
    return first
