"""The answers of custodians: kept durably, their record keys checked, and the opening logged."""

import asyncio
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.grants.custodians import CustodianSets
from access.grants.releasing import Released
from access.grants.sealed import Scope
from access.grants.store import GrantStore
from access.ports import LedgerPort
from access.release import record_keys, used_keys, used_seats
from nvr.base.errors import EvidenceAtRisk, InvalidValue
from nvr.base.ids import AccountId, GrantId, SegmentId
from nvr.base.jcs import Json, canonical
from storage.ledger import machine
from storage.ledger.entries import ACCESS
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.register import Register
from storage.register.tables import RequisitionState
from storage.vault.answer import Answer, AnswerInvalid, AnswerKind, parse_answer
from storage.vault.hpke import KeyPair, WrapInvalid
from storage.vault.seats import CustodianSet, KeyOfSeat

_log: Final = logging.getLogger(__name__)


class Opening:
    """Collects answers until the record keys are there."""

    def __init__(self, register: Register, ledger: LedgerPort, store: GrantStore, sets: CustodianSets) -> None:
        self._register = register
        self._ledger = ledger
        self._store = store
        self._sets = sets
        self.collecting = asyncio.Lock()
        """Held while answers are kept, and by whoever wipes or begins a collection: none meets another half-way."""

    async def take(
        self, row: tables.Grant, released: Released, set_hash: str, packed: bytes, by: AccountId
    ) -> dict[str, Json]:
        """Take a custodian's answer for footage under this set, handed in by this account; how far the collection is.

        Raises:
            InvalidValue: it is no answer to this grant by a seat of its set.
            AnsweredKeyWrong: a key is not its record's; nothing was kept.
            TooManyAnswers: the key has answered too often.
            GrantWiped: the grant's keys are gone.
        """
        grant = GrantId(row.grant)
        answer = await asyncio.to_thread(_parsed, packed)
        custodians = await asyncio.to_thread(self._sets.find, bytes.fromhex(set_hash))
        try:
            answer.check(custodians, sha256(await self._ledger.entry(row.grant_index)).digest())
        except EvidenceAtRisk as error:
            raise _not_an_answer(error) from error
        async with self.collecting:
            dropped = await asyncio.to_thread(self._keep, grant, answer, released.by_set[set_hash], custodians)
            await self.log(grant, released, by)
            progress = await self._progress(grant, released, set_hash, custodians.m)
        seat = custodians.seat_of(answer.kid)
        key = None if seat is None else seat.key_of(answer.kid)
        return {**progress, "seat": answer.seat, "key": key, "seats_bad": list(dropped)}

    async def sets_with_keys(self, grant: GrantId) -> int:
        """Of how many custodian sets an answer with record keys came."""
        return await asyncio.to_thread(self._store.sets_with_keys, grant)

    async def log(self, grant: GrantId, released: Released, by: AccountId | None = None) -> None:
        """Log which record keys came, as far as it is not logged yet; `by` None: a crash forgot who handed them in."""
        if not await self.sets_with_keys(grant):
            return
        found = await asyncio.to_thread(self._found, grant, released.scope)
        seats, used = await asyncio.to_thread(self._used, grant, released.sets)
        records = sum(found.values())
        body = machine.Open(grant=grant, seats=seats, segs=len(found), records=records, by=by, used=used)

        def propose(session: Session) -> Sequence[Proposal]:
            return [Proposal(None, ACCESS, body)] if _is_news(session, grant, records) else []

        await self._register.act(propose)

    def _keep(self, grant: GrantId, answer: Answer, scope: Scope, custodians: CustodianSet) -> tuple[int, ...]:
        """Store it, and drop the answers that it found bad: the seats of these."""
        if answer.kind is AnswerKind.KEYS:
            self._check_keys(answer, self._store.release_key(grant), scope, custodians)
        self._store.keep_answer(grant, custodians.hash.hex(), answer)
        # What an envelope says of others is not signed: whoever carries the file could have it drop good answers.
        dropped = self._store.drop_answers(grant, answer.bad) if answer.bad and answer.signature is not None else ()
        if dropped:
            _log.error("shares of seats %s are not what was split: these answers to %s are dropped", dropped, grant)
        return dropped

    def _check_keys(self, answer: Answer, release: KeyPair, scope: Scope, custodians: CustodianSet) -> None:
        try:
            found, seats = record_keys(answer, release, scope), used_seats(answer, release)
            _demand_own_keys(custodians, used_keys(answer, release))
        except (AnswerInvalid, WrapInvalid) as error:
            raise _not_an_answer(error) from error
        if not found:
            raise InvalidValue(field="answer", value="keys", expected="the key of at least one granted record")
        if len(seats) < custodians.m or seats[-1] > custodians.n:
            raise InvalidValue(field="answer", value=str(seats), expected=f"at least {custodians.m} seats of the set")

    def _used(self, grant: GrantId, sets: Collection[str]) -> tuple[tuple[int, ...], tuple[machine.SeatUsed, ...]]:
        """The seats that opened the grant, and which of their keys, as the tools said under the wrap of the keys."""
        pair = self._store.release_key(grant)
        seats: set[int] = set()
        used: set[tuple[str, int, KeyOfSeat]] = set()
        for set_hash in sets:
            custodians = self._sets.find(bytes.fromhex(set_hash))
            for answer in self._store.answers(grant, set_hash):
                if answer.kind is AnswerKind.KEYS:
                    seats.update(used_seats(answer, pair))
                    named = _demand_own_keys(custodians, used_keys(answer, pair))
                    used.update((set_hash, seat, key) for seat, key in named.items())
        told = tuple(machine.SeatUsed(set=set_hash, seat=seat, key=key) for set_hash, seat, key in sorted(used))
        return tuple(sorted(seats)), told

    def _found(self, grant: GrantId, scope: Scope) -> dict[SegmentId, int]:
        """How many record keys of each segment are there."""
        pair = self._store.release_key(grant)
        found: dict[SegmentId, set[int]] = {}
        for answer in self._store.answers(grant):
            if answer.kind is AnswerKind.KEYS:
                for segment, keys in record_keys(answer, pair, scope).items():
                    found.setdefault(segment, set()).update(keys)
        return {segment: len(keys) for segment, keys in found.items()}

    async def _progress(self, grant: GrantId, released: Released, set_hash: str, quorum: int) -> dict[str, Json]:
        answers = await asyncio.to_thread(self._store.answers, grant, set_hash)
        scope = released.by_set[set_hash]
        found = await asyncio.to_thread(self._found, grant, scope)
        seats = sorted({answer.seat for answer in answers})
        missing: dict[str, Json] = {
            segment: len(seqs) - found.get(segment, 0)
            for segment, seqs in scope.granted.items()
            if found.get(segment, 0) < len(seqs)
        }
        return {
            "grant": grant,
            "set": set_hash,
            "state": "open" if found else "collecting",
            "seats": seats,
            "seats_missing": 0 if found else max(0, quorum - len(seats)),
            "records_missing": missing if found else {},
            "unreadable": {str(segment): why for segment, why in scope.unreadable.items()},
        }


def _is_news(session: Session, grant: GrantId, records: int) -> bool:
    """Whether so many records are more than the ledger has of this grant, and it may still be opened."""
    row = session.get_one(tables.Grant, grant)
    state = session.get_one(tables.Requisition, row.requisition).state
    if row.revoked_utc_us is not None or state == RequisitionState.CLOSED:
        return False
    if row.open_index is None:
        return state == RequisitionState.RELEASED
    leaf = session.scalar(select(tables.Act.leaf).where(tables.Act.ledger_index == row.open_index))
    return leaf is not None and bool(records > json.loads(leaf)["body"]["records"])


def _demand_own_keys(custodians: CustodianSet, kids: Mapping[int, str]) -> dict[int, KeyOfSeat]:
    """Which key of each seat these are. Raises AnswerInvalid: one is not its seat's."""
    seats = {seat.number: seat for seat in custodians.seats}
    found: dict[int, KeyOfSeat] = {}
    for number, kid in kids.items():
        key = seats[number].key_of(kid) if number in seats else None
        if key is None:
            raise AnswerInvalid(what="kids", seat=number)
        found[number] = key
    return found


def packed_answer(given: object) -> bytes:
    """The bytes of an answer that came as an object. Raises InvalidValue: it can not be one."""
    try:
        return canonical(cast("Json", given))
    except ValueError as error:
        raise _not_an_answer(error) from error


def _parsed(packed: bytes) -> Answer:
    try:
        return parse_answer(packed)
    except EvidenceAtRisk as error:
        raise _not_an_answer(error) from error


def _not_an_answer(error: Exception) -> InvalidValue:
    what = str(error.fields.get("what")) if isinstance(error, EvidenceAtRisk) else "not an answer file"
    return InvalidValue(field="answer", value=what, expected="an answer to this grant by a seat of its custodian set")
