"""The release of a grant: which segments its custodians may open, in the ledger before any machine part goes out."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sqlalchemy.orm import Session

from access.grants.custodians import CustodianSets, SetUnknown
from access.grants.facts import release_indices
from access.grants.sealed import Scope, SealDiffers, collect, collect_released, together, under
from access.policy import ActName, Denied
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
from storage.vault.seats import WitnessPolicy

ROTATION_MATTERS_US: Final = 15 * 60 * US_PER_SECOND
"""Footage older than this is sealed, whatever a recorder answers now."""

WITNESS_REQUIRED: Final = "witness-required"

_log: Final = logging.getLogger(__name__)


class NothingToRelease(Refused):
    """No footage of the grant exists, or none can be read."""

    message_id = "nothing-to-release"


@dataclass(frozen=True)
class Released:
    """What the releases of a grant name, by the hash (hex) of the custodian set under which it was sealed."""

    by_set: Mapping[str, Scope]
    indices: Mapping[str, tuple[int, ...]]
    """The entries `release` of each set."""

    @cached_property
    def scope(self) -> Scope:
        """All of it."""
        return together(self.by_set.values())

    @property
    def sets(self) -> tuple[str, ...]:
        """The sets of which custodians have something to open."""
        return tuple(set_hash for set_hash, scope in self.by_set.items() if scope.files)


class Releasing:
    """Logs releases, and finds again what they name."""

    def __init__(
        self, register: Register, ledger: LedgerPort, index: IndexPort, sets: CustodianSets, clock: Clock
    ) -> None:
        self._register = register
        self._ledger = ledger
        self._index = index
        self._sets = sets
        self._clock = clock
        self._turns = Turns()

    async def release(self, grant: GrantId, by: AccountId) -> None:
        """Log which segments are released, once they are sealed; nothing if that was done.

        What can not be read now is released with the others: it is missed, or opened once it can be read. Footage
        under several custodian sets is released to each of them, in one group.

        Raises:
            NothingToRelease: no footage of the grant exists, or none can be read.
            Denied: a set requires the witness's cosignature, and there is none (`witness-required`).
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
            if not scope.files:
                raise NothingToRelease(grant=grant, unreadable=len(scope.unreadable))
            by_set = await self._by_set(scope)
            for set_hash in by_set:
                await self._demand_witness(set_hash, row.requisition)
            bodies = [
                machine.Release(
                    grant=grant, set=set_hash, segs=tuple(segments[first : first + SEGMENTS_PER_ENTRY]), by=by
                )
                for set_hash, segments in by_set.items()
                for first in range(0, len(segments), SEGMENTS_PER_ENTRY)
            ]

            def propose(session: Session) -> Sequence[Proposal]:
                requisition = session.get_one(tables.Requisition, grant_row(session, grant).requisition)
                if grant_row(session, grant).revoked_utc_us is not None:
                    raise Denied(rule="grant-revoked", what=ActName.GRANT_FILE, object=requisition.requisition)
                if requisition.state != RequisitionState.VALIDATED:
                    raise Refused("already-closed", requisition=requisition.requisition)
                return [Proposal(None, ACCESS, body) for body in bodies]

            await self._register.act(propose)

    async def released(self, row: tables.Grant) -> Released:
        """What its releases name, as far as it can be had. Raises NothingToRelease."""
        interval = UtcUs(row.from_utc_us), UtcUs(row.to_utc_us)
        segments = [SegmentId(segment) for segment in row.segs or ()]
        scope = await collect_released(self._index, self._ledger, segments, *interval)
        named: dict[str, set[SegmentId]] = {}
        indices: dict[str, list[int]] = {}
        for index in await self.indices(GrantId(row.grant)):
            body = decode(await self._ledger.entry(index)).body
            if isinstance(body, machine.Release):
                named.setdefault(body.set, set()).update(map(SegmentId, body.segs))
                indices.setdefault(body.set, []).append(index)
        released = Released(
            {set_hash: under(scope, set_hash, segs, *interval) for set_hash, segs in named.items()},
            {set_hash: tuple(found) for set_hash, found in indices.items()},
        )
        if not released.sets:
            raise NothingToRelease(grant=row.grant, unreadable=len(scope.unreadable))
        return released

    async def _by_set(self, scope: Scope) -> dict[str, list[SegmentId]]:
        """The segments by the custodian set that sealed them: as the file says, or where none is read, the ledger."""
        sets = {file.segment: file.header.set_hash.hex() for file in scope.files}
        found: dict[str, list[SegmentId]] = {}
        for segment in scope.segments:
            set_hash = sets.get(segment)
            if set_hash is None:
                seal = decode(await self._ledger.entry(scope.whereabouts[segment].seal_index)).body
                if not isinstance(seal, machine.Seal):
                    raise SealDiffers(file=segment, what="entry")
                set_hash = seal.set
            found.setdefault(set_hash, []).append(segment)
        return found

    async def _demand_witness(self, set_hash: str, requisition: str) -> None:
        """Refuse what no custodian's tool would answer: no checkpoint is cosigned here."""
        try:
            custodians = await asyncio.to_thread(self._sets.find, bytes.fromhex(set_hash))
        except SetUnknown as error:
            _log.error("no grant file can be made: %s", error)  # whoever asks for one is told so
            return
        if custodians.witness is WitnessPolicy.REQUIRED:
            raise Denied(rule=WITNESS_REQUIRED, what=ActName.GRANT_FILE, object=requisition)

    async def indices(self, grant: GrantId) -> list[int]:
        """The indices of the grant's releases in the ledger."""
        return await self._register.read(lambda session: release_indices(session, grant_row(session, grant)))
