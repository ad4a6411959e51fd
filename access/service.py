"""The acts of persons: who asks, whether they may, then the act. What is refused about footage is in the ledger."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.grants.envelopes import envelopes_used
from access.holds.awaiting import old, waiting
from access.people.login import Login
from access.people.passwords import WrongPassword
from access.policy import ABOUT_VIDEO, ActName, Denied, Person
from access.refusals import Refusals
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.ledger import machine
from storage.ledger.entries import ACCESS
from storage.register import tables
from storage.register.register import Register

Handler: TypeAlias = Callable[[Person, Arguments], Awaitable[Json]]


class AccessService:
    """What the access role answers on its socket (docs/design/processes.md "Acts")."""

    def __init__(
        self,
        register: Register,
        refusals: Refusals,
        login: Login,
        clock: Clock,
        handlers: Mapping[ActName, Handler],
        *,
        review_days: int,
    ) -> None:
        """`review_days`: holds that were placed so long ago are old."""
        self._register = register
        self._refusals = refusals
        self._login = login
        self._clock = clock
        self._handlers = handlers
        self._review_days = review_days

    async def act(self, account: str, password: str, name: str, args: Mapping[str, object]) -> Json:
        """Do one act for a person; the answer is that of the table in docs/design/processes.md.

        Raises:
            WrongPassword, TooManyAttempts: it is not said whether the account exists.
            Denied: policy forbids it; if the act is about footage, this is in the ledger.
            InvalidValue: a value is wrong; the field is named.
            Retryable: the keeper does not answer: without the ledger nothing happens. A refusal stays one, and waits on
                disk for the ledger.
        """
        act = _act_name(name)
        try:
            person = await self._login.check(account, password, never_waits=act is ActName.HOLD_PLACE)
        except WrongPassword:
            if act in ABOUT_VIDEO or act is ActName.HOLD_PLACE:
                await self._refusals.tell(ACCESS, machine.Denied(rule="password", what=act, object=None))
            if act is ActName.HOLD_PLACE:
                await self._login.wait_in_line()
            raise
        try:
            return await self._handlers[act](person, Arguments(args))
        except Denied as denied:
            if act in ABOUT_VIDEO:
                await self._refusals.deny(person.account, person.roles, denied)
            raise

    async def status(self) -> dict[str, Json]:
        """Counts, and the holds that somebody has to look at: nothing that names anybody."""
        now_utc_us = self._clock.utc_us()

        def asked(session: Session) -> dict[str, Any]:
            return {
                **_counts(session, now_utc_us),
                "holds_waiting": waiting(session, now_utc_us),
                "holds_old": old(session, now_utc_us, self._review_days),
                "envelopes_used": envelopes_used(session),
            }

        return {"utc_us": now_utc_us, **await self._register.read(asked)}

    async def housekeep(self) -> None:
        """Bring refusals to the ledger that it did not take before."""
        await self._refusals.flush()


def _act_name(name: str) -> ActName:
    try:
        return ActName(name)
    except ValueError as error:
        raise InvalidValue(field="name", value=name[:64], expected="an act of docs/design/processes.md") from error


def _counts(session: Session, now_utc_us: UtcUs) -> dict[str, Any]:
    def count(*conditions: Any) -> int:  # noqa: ANN401 -- SQLAlchemy's conditions have many types
        return session.scalar(select(func.count()).where(*conditions)) or 0

    states = session.execute(select(tables.Requisition.state, func.count()).group_by(tables.Requisition.state))
    return {
        "cameras": count(tables.Camera.retired.is_(False)),
        "accounts": count(tables.Account.disabled.is_(False)),
        "holds": count(
            tables.Hold.ended.is_(False),
            tables.Hold.until_utc_us.is_(None) | (tables.Hold.until_utc_us > now_utc_us),
        ),
        "requisitions": dict(states.all()),
        "grants": count(tables.Grant.valid_until_utc_us > now_utc_us, tables.Grant.revoked_utc_us.is_(None)),
        "ledger_size": session.scalar(select(tables.Progress.ledger_size)) or 0,
    }
