"""Permits: whether footage of a grant may still be had, asked from any thread while it is read, written or shown.

What was allowed when a release was opened can end while it is used: the grant is revoked or runs out, its requisition
is closed, its opener's account ends. Whoever gives footage away asks `Permit.demand` before each piece of it, of which
none may take more than a second: so whatever runs ends within 2 s of the entry in the ledger. The export asks through
`access.release.Release`, which asks before each record; a review asks by itself where it holds pictures in memory.
"""

from collections.abc import Mapping
from typing import Final
from weakref import WeakSet

from sqlalchemy.orm import Session

from access.people.accounts import find_person
from access.policy import ActName, Denied, Person, demand
from access.reading import about_requisition, requisition_row
from nvr.base.clock import Clock
from nvr.base.units import UtcUs
from storage.register.register import Register

_GRANT_OVER: Final = "grant-over"
_ACCOUNT_ENDED: Final = "account-ended"


def demand_still(session: Session, account: str, act: ActName, requisition: str, now_utc_us: UtcUs) -> Person:
    """Whether the account, as it is now, may do this with the requisition, as that is now: its person.

    Raises:
        Denied: it may not; an account that is gone is `account-disabled`.
    """
    person = find_person(session, account)
    if person is None:
        raise Denied(rule="account-disabled", what=act, object=requisition)
    demand(person, act, about_requisition(session, requisition_row(session, requisition)), now_utc_us)
    return person


class Permit:
    """One person's leave to have the footage of one grant. Any thread may ask; what ended never begins again."""

    def __init__(
        self, account: str, act: ActName, requisition: str, ends_utc_us: Mapping[str, UtcUs], clock: Clock
    ) -> None:
        """`ends_utc_us`: by rule, the instant at which it ends by itself."""
        self.account = account
        self.act = act
        self.requisition = requisition
        self._end_utc_us, self._end_rule = min((at, rule) for rule, at in ends_utc_us.items())
        self._clock = clock
        self._rule: str | None = None

    @property
    def ended_by(self) -> str | None:
        """The rule by which it ended; None while it lasts."""
        if self._rule is None and self._clock.utc_us() >= self._end_utc_us:
            self._rule = self._end_rule
        return self._rule

    def demand(self) -> None:
        """Ask whether the next piece of footage may be given. It costs a comparison: no lock, no question to anybody.

        Raises:
            Denied: it ended, by the rule that is named.
        """
        rule = self.ended_by
        if rule is not None:
            raise Denied(rule=rule, what=self.act, object=self.requisition)

    def end(self, rule: str) -> None:
        """Nothing is given any more; the first rule stays."""
        self._rule = self._rule or rule


class Permits:
    """The permits in use: each is looked at again, by the rules of policy, as soon as the register changed."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._clock = clock
        # The register's thread alone looks at it: no lock.
        self._issued: WeakSet[Permit] = WeakSet()
        register.watch(self.look_again)

    def issue(
        self, session: Session, account: str, act: ActName, requisition: str, valid_until_utc_us: UtcUs
    ) -> Permit:
        """A permit for this account, kept as long as somebody has it.

        It runs in the register's thread, where nothing changes between the question and the first look.

        Raises:
            Denied: policy forbids the act.
        """
        person = demand_still(session, account, act, requisition, self._clock.utc_us())
        ends_utc_us = {_GRANT_OVER: valid_until_utc_us}
        if person.ends_utc_us is not None:
            ends_utc_us[_ACCOUNT_ENDED] = person.ends_utc_us
        permit = Permit(account, act, requisition, ends_utc_us, self._clock)
        self._issued.add(permit)
        return permit

    def look_again(self, session: Session) -> None:
        """End each permit that policy would not give any more."""
        for permit in [permit for permit in self._issued if permit.ended_by is None]:
            try:
                demand_still(session, permit.account, permit.act, permit.requisition, self._clock.utc_us())
            except Denied as denied:
                permit.end(denied.rule)
