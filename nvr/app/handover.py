"""Handing a bundle over: made into staging for the grant's opener, read through a token, wiped when it was taken."""

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.export.bundle import Exporter, ExportOrder
from access.parts import part_as_json, read_part
from access.permits import demand_still
from access.policy import NOTHING, ActName, Denied, Person, demand
from access.ports import LedgerPort
from access.reading import about_requisition, grant_of, requisition_row
from access.release import Releases
from access.service import Handler
from access.turns import Turns
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, Refused
from nvr.base.ids import AccountId, ActId, GrantId, RequisitionNo, requisition_no, uuid7
from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND, MonoUs
from storage.durable import remove_tree
from storage.ledger import people
from storage.ledger.entries import Actor, body_from
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.ports import StoredLeaf
from storage.register.register import Register

AT_ONCE: Final = 2
"""Bundles under way: a small one does not wait for hours behind a large one, and the disk serves recording first."""

_FACTS: Final = ("authority", "authority_number", "basis", "requester", "place")


class BundleUnknown(Refused):
    """There is no bundle for this token, or no such file in it."""

    message_id = "bundle-unknown"


class ActingLedger:
    """The ledger for an act that export appends: through the register, which thereby knows it too.

    A bundle is hours in the making: policy is asked again in the moment in which it is logged.
    """

    def __init__(self, register: Register, ledger: LedgerPort, clock: Clock) -> None:
        self._register = register
        self._ledger = ledger
        self._clock = clock
        self.entry = ledger.entry
        self.proof = ledger.proof

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> list[StoredLeaf]:
        """Append the group as acts of the register. Raises Denied: an export is not, or no longer, allowed."""
        proposals = [_proposal(entry) for entry in entries]

        def propose(session: Session) -> Sequence[Proposal]:
            for proposal in proposals:
                if isinstance(proposal.body, people.Export):
                    demand_still(
                        session, proposal.actor.id, ActName.EXPORT, proposal.body.requisition, self._clock.utc_us()
                    )
            return proposals

        placed = await self._register.act(propose)
        return [StoredLeaf(each.index, await self._ledger.entry(each.index)) for each in placed]


@dataclass(slots=True)
class _Staged:
    root: Path
    account: AccountId
    requisition: RequisitionNo
    sizes: Mapping[str, int]
    touched_mono_us: MonoUs


class Handover:
    """The acts `export` and `export.done`, and the call `bundle_read`.

    What lies in staging is in clear: it is wiped when it was taken, when nobody reads it any further for
    `staging_minutes`, and at the start of the role, which knows no token of the process before.
    """

    def __init__(
        self, register: Register, releases: Releases, exporter: Exporter, clock: Clock, *, staging_minutes: int
    ) -> None:
        self._register = register
        self._releases = releases
        self._exporter = exporter
        self._clock = clock
        self._staging_us = staging_minutes * 60 * US_PER_SECOND
        self._turns = Turns()
        self._exporting = asyncio.Semaphore(AT_ONCE)
        self._wiping = asyncio.Lock()
        self._making: set[Path] = set()
        self._staged: dict[str, _Staged] = {}

    async def export(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Make the bundle of the requisition's grant: token, name and files.

        Raises:
            Denied: not the opener, not open, over.
            EvidenceAtRisk: what was released is not what was sealed and logged.
        """
        number = requisition_no(args.text("requisition"))
        args.done()

        def question(session: Session) -> tuple[GrantId, ExportOrder]:
            row = requisition_row(session, number)
            demand(person, ActName.EXPORT, about_requisition(session, row), self._clock.utc_us())
            grant = grant_of(session, number)
            if grant is None:
                raise InvalidValue(field="requisition", value=number, expected="a validated requisition")
            made = select(func.count()).select_from(tables.Export).where(tables.Export.requisition == number)
            facts = {name: value for name in _FACTS if (value := getattr(row, name)) is not None}
            act = ActId(uuid7(self._clock.utc_us()))
            return GrantId(grant.grant), ExportOrder(act, (session.scalar(made) or 0) + 1, facts)

        async with self._turns.of(number), self._exporting:
            grant, order = await self._register.read(question)
            release = await self._releases.open(grant, person, self._clock.utc_us())
            async with self._wiping:
                paths = self._exporter.paths(number, order.number)
                self._making.update(paths)
            try:
                bundle = await self._exporter.export(release, order)
                sizes = await asyncio.to_thread(_sizes, bundle.path)
                release.demand()
                token = secrets.token_urlsafe(24)
                self._staged[token] = _Staged(bundle.path, person.account, number, sizes, self._clock.mono_us())
            except Denied:
                await asyncio.to_thread(_wipe, paths)
                raise
            finally:
                self._making.difference_update(paths)
                release.wipe()
        files: list[Json] = [{"path": path, "size": size} for path, size in sizes.items()]
        return {"token": token, "bundle": bundle.name, "files": files}

    async def done(self, person: Person, args: Arguments) -> dict[str, Json]:
        """The bundle was taken: its staging copy is wiped. Raises Denied, BundleUnknown."""
        token = args.text("token")
        args.done()
        demand(person, ActName.EXPORT_DONE, NOTHING, self._clock.utc_us())
        async with self._wiping:
            staged = self._staged.get(token)
            if staged is None or staged.account != person.account:
                raise BundleUnknown
            del self._staged[token]
            await asyncio.to_thread(_wipe, [staged.root])
        return {"bundle": staged.root.name}

    async def housekeep(self) -> None:
        """Wipe what nobody takes: what this process neither makes nor staged, what lies too long or may not be had."""
        async with self._wiping:
            now, kept = self._clock.mono_us(), set(self._making)
            for token, staged in list(self._staged.items()):
                if now - staged.touched_mono_us > self._staging_us:
                    del self._staged[token]
                elif await self._may_be_taken(staged):
                    kept.add(staged.root)  # else whoever has its token is told by which rule it ended
            await asyncio.to_thread(_wipe_all_but, self._exporter.staging, kept)

    def after(self, act: Handler) -> Handler:
        """The act, and then at once no bundle lies in staging any more that may not be had."""

        async def done(person: Person, args: Arguments) -> Json:
            answer = await act(person, args)
            await self.housekeep()
            return answer

        return done

    async def _may_be_taken(self, staged: _Staged) -> bool:
        account, number, now_utc_us = staged.account, staged.requisition, self._clock.utc_us()
        try:
            await self._register.read(
                lambda session: demand_still(session, account, ActName.EXPORT, number, now_utc_us)
            )
        except Denied:
            return False
        return True

    async def read(self, args: dict[str, Any]) -> dict[str, Json]:
        """A part of a staged file, from `offset` on, as long as it may still be exported.

        Raises:
            BundleUnknown: no such bundle or file, or it was wiped meanwhile.
            Denied: the account for which it was made, its requisition or its grant ended meanwhile.
        """
        staged = self._staged.get(str(args.get("token")))
        name, offset = str(args.get("path")), args.get("offset")
        if staged is None or name not in staged.sizes or type(offset) is not int or offset < 0:
            raise BundleUnknown
        account, number, now_utc_us = staged.account, staged.requisition, self._clock.utc_us()
        await self._register.read(lambda session: demand_still(session, account, ActName.EXPORT, number, now_utc_us))
        staged.touched_mono_us = self._clock.mono_us()
        data = await asyncio.to_thread(_read, staged.root / name, offset)
        return part_as_json(data, offset=offset, size=staged.sizes[name])


def _proposal(entry: Mapping[str, Any]) -> Proposal:
    actor = Actor(id=entry["actor"]["id"], role=entry["actor"]["role"])
    return Proposal(entry["act"], actor, body_from(entry["t"], entry["body"]))


def _wipe_all_but(staging: Path, kept: Collection[Path]) -> None:
    for path in staging.iterdir():
        if path not in kept:
            remove_tree(path)


def _wipe(paths: Collection[Path]) -> None:
    for path in paths:
        if path.exists():
            remove_tree(path)


def _sizes(root: Path) -> dict[str, int]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.stat().st_size for path in files}


def _read(path: Path, offset: int) -> bytes:
    try:
        return read_part(path, offset)
    except FileNotFoundError as error:
        raise BundleUnknown from error
