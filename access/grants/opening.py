"""The answers of custodians: kept durably, their record keys checked, and the opening logged."""

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, cast

from sqlalchemy.orm import Session

from access.grants.custodians import CustodianSets
from access.grants.sealed import Scope
from access.grants.store import GrantStore
from access.ports import LedgerPort
from access.release import record_keys, used_seats
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
from storage.vault.seats import CustodianSet

_log: Final = logging.getLogger(__name__)


class Opening:
    """Collects answers until the record keys are there."""

    def __init__(self, register: Register, ledger: LedgerPort, store: GrantStore, sets: CustodianSets) -> None:
        self._register = register
        self._ledger = ledger
        self._store = store
        self._sets = sets
        self._one_at_a_time = asyncio.Lock()

    async def take(self, row: tables.Grant, scope: Scope, packed: bytes, by: AccountId) -> dict[str, Json]:
        """Take a custodian's answer, handed in by this account; how far the collection is.

        Raises:
            InvalidValue: it is no answer to this grant by a seat of its set.
            AnsweredKeyWrong: a key is not its record's; nothing was kept.
            TooManyAnswers: the key has answered too often.
            GrantWiped: the grant's keys are gone.
        """
        grant = GrantId(row.grant)
        answer = await asyncio.to_thread(_parsed, packed)
        custodians = await asyncio.to_thread(self._sets.find, scope.files[0].header.set_hash)
        try:
            answer.check(custodians, sha256(await self._ledger.entry(row.grant_index)).digest())
        except EvidenceAtRisk as error:
            raise _not_an_answer(error) from error
        async with self._one_at_a_time:
            dropped = await asyncio.to_thread(self._keep, grant, answer, scope, custodians)
            await self.log(grant, scope, by)
        return {**await self._progress(grant, scope, custodians.m), "seats_bad": list(dropped)}

    async def has_keys(self, grant: GrantId) -> bool:
        """Whether an answer with record keys came."""
        answers = await asyncio.to_thread(self._store.answers, grant)
        return any(answer.kind is AnswerKind.KEYS for answer in answers)

    async def log(self, grant: GrantId, scope: Scope, by: AccountId | None = None) -> None:
        """Log that record keys came, if they did and it is not logged yet; None: a crash forgot who handed them in."""
        if not await self.has_keys(grant):
            return
        found = await asyncio.to_thread(self._found, grant, scope)
        body = machine.Open(
            grant=grant,
            seats=await asyncio.to_thread(self._seats, grant),
            segs=len(found),
            records=sum(found.values()),
            by=by,
        )

        def propose(session: Session) -> Sequence[Proposal]:
            requisition = session.get_one(tables.Grant, grant).requisition
            released = session.get_one(tables.Requisition, requisition).state == RequisitionState.RELEASED
            return [Proposal(None, ACCESS, body)] if released else []

        await self._register.act(propose)

    def _keep(self, grant: GrantId, answer: Answer, scope: Scope, custodians: CustodianSet) -> tuple[int, ...]:
        """Store it, and drop the answers that it found bad: the seats of these."""
        if answer.kind is AnswerKind.KEYS:
            self._check_keys(answer, self._store.release_key(grant), scope, custodians)
        self._store.keep_answer(grant, answer)
        # What an envelope says of others is not signed: whoever carries the file could have it drop good answers.
        dropped = self._store.drop_answers(grant, answer.bad) if answer.bad and answer.signature is not None else ()
        if dropped:
            _log.error("shares of seats %s are not what was split: these answers to %s are dropped", dropped, grant)
        return dropped

    def _check_keys(self, answer: Answer, release: KeyPair, scope: Scope, custodians: CustodianSet) -> None:
        try:
            found, seats = record_keys(answer, release, scope), used_seats(answer, release)
        except (AnswerInvalid, WrapInvalid) as error:
            raise _not_an_answer(error) from error
        if not found:
            raise InvalidValue(field="answer", value="keys", expected="the key of at least one granted record")
        if len(seats) < custodians.m or seats[-1] > custodians.n:
            raise InvalidValue(field="answer", value=str(seats), expected=f"at least {custodians.m} seats of the set")

    def _seats(self, grant: GrantId) -> tuple[int, ...]:
        """The seats that opened the grant, as the completing tools said under the wrap of the keys."""
        pair = self._store.release_key(grant)
        answers = [answer for answer in self._store.answers(grant) if answer.kind is AnswerKind.KEYS]
        return tuple(sorted({seat for answer in answers for seat in used_seats(answer, pair)}))

    def _found(self, grant: GrantId, scope: Scope) -> dict[SegmentId, int]:
        """How many record keys of each segment are there."""
        pair = self._store.release_key(grant)
        found: dict[SegmentId, set[int]] = {}
        for answer in self._store.answers(grant):
            if answer.kind is AnswerKind.KEYS:
                for segment, keys in record_keys(answer, pair, scope).items():
                    found.setdefault(segment, set()).update(keys)
        return {segment: len(keys) for segment, keys in found.items()}

    async def _progress(self, grant: GrantId, scope: Scope, quorum: int) -> dict[str, Json]:
        answers = await asyncio.to_thread(self._store.answers, grant)
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
