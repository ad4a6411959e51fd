"""From a validated requisition to record keys: the grant, its release, the file for the custodians, their answers."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.custodians import CustodianSets
from access.grantfiles import Opening, build_grant_file
from access.grantstore import GrantStore
from access.policy import ActName, Denied, Person, demand
from access.ports import IndexPort, LedgerPort
from access.reading import about_requisition, as_json, grant_row, requisition_row
from access.release import record_keys
from access.sealed import Scope, collect, collect_released
from access.validation import Validation
from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, InvalidValue, Refused, Retryable
from nvr.base.ids import CameraId, GrantId, SegmentId, uuid7
from nvr.base.jcs import Json, canonical
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.keyring import KeyringReader
from storage.ledger import machine
from storage.ledger.entries import ACCESS
from storage.ledger.machine import SEGMENTS_PER_ENTRY
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register
from storage.register.tables import RequisitionState
from storage.vault.answer import Answer, AnswerKind, parse_answer
from storage.vault.hpke import KeyPair

ROTATION_MATTERS_US: Final = 15 * 60 * US_PER_SECOND
"""Footage older than this is sealed, whatever a recorder answers now."""

_log: Final = logging.getLogger(__name__)


class NothingToRelease(Refused):
    """No footage of the grant exists, or none can be read."""

    message_id = "nothing-to-release"


class SeveralSets(Refused):
    """The footage was sealed under more than one custodian set: one grant for each; `changes_utc_us` says where."""

    message_id = "several-sets"


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
        self._index = index
        self._keys = keys
        self._clock = clock
        self._releasing = asyncio.Lock()
        self._answering = asyncio.Lock()

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
            await self._release(grant)
        except (Refused, Retryable) as error:
            # The grant stands; `grant.file` tries again, and tells why it can not.
            _log.warning("the release of %s waits: %s", grant, error)
            waits = error.message_id
        return {**await self._shown(grant), "release_waits": waits}

    async def file(self, person: Person, args: Arguments) -> dict[str, Json]:
        """The file for the custodians, with the answers that came so far; it releases first if that is due.

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
        await self._release(grant)
        row = await self._row(grant)
        scope = await self._released(row)
        answers = await asyncio.to_thread(self._keys.store.answers, grant)
        seen = await asyncio.to_thread(self._keys.store.seen)
        custodians = await asyncio.to_thread(self._keys.sets.find, scope.files[0].header.set_hash)
        opening = Opening(
            grant_index=row.grant_index,
            release_indices=await self._register.read(lambda session: _release_indices(session, grant)),
            scope=scope,
            custodians=custodians,
            answers=tuple(answer for answer in answers if answer.kind is AnswerKind.SHARES),
            from_sizes={*sizes, *seen.values()},
        )
        file = await build_grant_file(self._ledger, self._keys.keyring, self._keys.machine, opening)
        content: dict[str, Json] = json.loads(file.pack())
        return content

    async def answer(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a custodian's answer: it is kept durably; with record keys, the grant is open.

        Raises:
            Denied: `person` may not, or the grant is over, or not released (`not-released`).
            InvalidValue: it is no answer to this grant by a seat of its set.
            AnsweredKeyWrong: a key is not its record's; nothing was kept.
        """
        name, given = args.text("grant"), args.optional_object("answer")
        args.done()
        await self._allow(person, ActName.GRANT_ANSWER, name)
        grant = GrantId(name)
        row = await self._row(grant)
        if row.release_index is None:
            raise Denied(rule="not-released", what=ActName.GRANT_ANSWER, object=name)
        async with self._answering:
            scope = await self._released(row)
            custodians = await asyncio.to_thread(self._keys.sets.find, scope.files[0].header.set_hash)
            entry = await self._ledger.entry(row.grant_index)
            answer = _parsed(given)
            try:
                answer.check(custodians, sha256(entry).digest())
            except EvidenceAtRisk as error:
                raise _not_an_answer(error) from error
            if answer.kind is AnswerKind.KEYS:
                await asyncio.to_thread(self._check_keys, grant, answer, scope)
            await asyncio.to_thread(self._keys.store.keep_answer, grant, answer)
            await self._open(grant, scope)
        return await self._progress(grant, scope, custodians.m)

    async def housekeep(self) -> None:
        """Keep the set in force, log openings that a crash cut off, wipe what is over, closed or never happened."""
        await asyncio.to_thread(self._keys.sets.keep_published)
        now_utc_us = self._clock.utc_us()
        for grant in await asyncio.to_thread(self._keys.store.grants):
            alive = await self._register.read(partial(_alive, grant=grant, now_utc_us=now_utc_us))
            if alive is None:
                await asyncio.to_thread(self._keys.store.wipe, grant)
            elif alive.release_index is not None and alive.open_index is None:
                await self._open(grant, await self._released(alive))

    async def _release(self, grant: GrantId) -> None:
        """Log which segments are released, once they are sealed; nothing if that was done."""
        async with self._releasing:
            row = await self._row(grant)
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
            segments = [file.segment for file in scope.files]
            bodies = [
                machine.Release(
                    grant=grant, set=set_hash.hex(), segs=tuple(segments[first : first + SEGMENTS_PER_ENTRY])
                )
                for first in range(0, len(segments), SEGMENTS_PER_ENTRY)
            ]
            await self._register.act(lambda _: [Proposal(None, ACCESS, body) for body in bodies])

    async def _released(self, row: tables.Grant) -> Scope:
        segments = [SegmentId(segment) for segment in row.segs or ()]
        scope = await collect_released(
            self._index, self._ledger, segments, UtcUs(row.from_utc_us), UtcUs(row.to_utc_us)
        )
        if not scope.files:
            raise NothingToRelease(grant=row.grant, unreadable=len(scope.unreadable))
        return scope

    async def _open(self, grant: GrantId, scope: Scope) -> None:
        """Log that record keys came, if they did and it is not logged yet."""
        answers = await asyncio.to_thread(self._keys.store.answers, grant)
        if not any(answer.kind is AnswerKind.KEYS for answer in answers):
            return
        found = await asyncio.to_thread(self._found, grant, scope)
        body = machine.Open(
            grant=grant,
            seats=tuple(sorted({answer.seat for answer in answers})),
            segs=len(found),
            records=sum(found.values()),
        )

        def propose(session: Session) -> Sequence[Proposal]:
            opened = session.get_one(tables.Grant, grant).open_index is not None
            return [] if opened else [Proposal(None, ACCESS, body)]

        await self._register.act(propose)

    def _check_keys(self, grant: GrantId, answer: Answer, scope: Scope) -> None:
        if not record_keys(answer, self._keys.store.release_key(grant), scope):
            raise InvalidValue(field="answer", value="keys", expected="the key of at least one granted record")

    def _found(self, grant: GrantId, scope: Scope) -> dict[SegmentId, int]:
        """How many record keys of each segment are there."""
        pair = self._keys.store.release_key(grant)
        found: dict[SegmentId, set[int]] = {}
        for answer in self._keys.store.answers(grant):
            if answer.kind is AnswerKind.KEYS:
                for segment, keys in record_keys(answer, pair, scope).items():
                    found.setdefault(segment, set()).update(keys)
        return {segment: len(keys) for segment, keys in found.items()}

    async def _progress(self, grant: GrantId, scope: Scope, quorum: int) -> dict[str, Json]:
        answers = await asyncio.to_thread(self._keys.store.answers, grant)
        found = await asyncio.to_thread(self._found, grant, scope)
        seats = sorted({answer.seat for answer in answers})
        missing: dict[str, Json] = {
            segment: len(seqs) - found.get(segment, 0)
            for segment, seqs in scope.granted.items()
            if found.get(segment, 0) < len(seqs)
        }
        return {
            "grant": grant,
            "state": "open" if found else "collecting",
            "seats": seats,
            "seats_missing": 0 if found else max(0, quorum - len(seats)),
            "records_missing": missing if found else {},
            "unreadable": {str(segment): why for segment, why in scope.unreadable.items()},
        }

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


def _one_set(grant: GrantId, scope: Scope) -> bytes:
    """The custodian set under which everything of the grant was sealed."""
    if not scope.files:
        raise NothingToRelease(grant=grant, unreadable=len(scope.unreadable))
    first = scope.files[0].header.set_hash
    other = next((file for file in scope.files if file.header.set_hash != first), None)
    if other is not None:
        raise SeveralSets(grant=grant, changes_utc_us=other.header.start_utc_us)
    return first


def _alive(session: Session, *, grant: GrantId, now_utc_us: UtcUs) -> tables.Grant | None:
    """The grant, while it is valid and not closed."""
    row = session.get(tables.Grant, grant)
    if row is None or now_utc_us >= row.valid_until_utc_us:
        return None
    state = session.get_one(tables.Requisition, row.requisition).state
    return None if state == RequisitionState.CLOSED else row


def _release_indices(session: Session, grant: GrantId) -> list[int]:
    acts = session.scalars(
        select(tables.Act)
        .where(tables.Act.type == machine.Release.t, tables.Act.ledger_index.is_not(None))
        .order_by(tables.Act.ledger_index)
    )
    return [
        act.ledger_index
        for act in acts
        if act.ledger_index is not None and act.leaf is not None and json.loads(act.leaf)["body"]["grant"] == grant
    ]


def _parsed(given: object) -> Answer:
    try:
        return parse_answer(canonical(cast("Json", given)))
    except (EvidenceAtRisk, ValueError) as error:
        raise _not_an_answer(error) from error


def _not_an_answer(error: Exception) -> InvalidValue:
    what = str(error.fields.get("what")) if isinstance(error, EvidenceAtRisk) else "not an answer file"
    return InvalidValue(field="answer", value=what, expected="an answer to this grant by a seat of its custodian set")
