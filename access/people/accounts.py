"""Accounts: designated persons with a role and an end date (CSI R253-3). No default ones, none shared."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.arguments import HIDDEN, Arguments
from access.people.passwords import Passwords, check_length
from access.policy import NOTHING, ActName, Denied, Person, Role, demand, incompatible
from access.reading import as_json
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, Refused
from nvr.base.ids import AccountId, ActId, account_id, uuid7
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register

SHOWN: Final = ("account", "roles", "ends_utc_us", "disabled", "person", "service", "designation", "since_utc_us")
"""What is shown of an account; the hash never is."""

LEAST_NAME_TO_AVOID: Final = 4
"""A password may not hold the account's name, if that has so many characters."""


class NotEmpty(Refused):
    """The register has accounts: the first one was made before."""

    message_id = "accounts-exist"


def find_person(session: Session, account: str) -> Person | None:
    """The account, as policy looks at it."""
    row = session.get(tables.Account, account)
    return None if row is None else _person(row)


def password_hash(session: Session, account: str) -> str | None:
    """The Argon2id hash of the account's password; None for an unknown account."""
    row = session.get(tables.Account, account)
    return None if row is None else row.password_hash


def check_new_account(args: Arguments, now_utc_us: UtcUs) -> tuple[dict[str, Any], str]:
    """The row of a new account but for the hash, and its password: all that can be refused before anything is made.

    Raises:
        InvalidValue: a value is missing or wrong; the password is too short, too long, or holds the account's name.
    """
    wanted: dict[str, Any] = {
        "account": account_id(args.text("account")),
        "person": args.text("person"),
        "service": args.optional_text("service"),
        "designation": args.optional_text("designation"),
        "roles": sorted(_roles(args.optional_names("roles"))),
        "ends_utc_us": args.optional_integer("ends_utc_us", least=now_utc_us + 1),
        "disabled": False,
    }
    password = args.secret("password")
    args.done()
    excluded = incompatible(frozenset(Role(role) for role in wanted["roles"]))
    if excluded is not None:
        expected = f"not both {' and '.join(sorted(excluded))}"
        raise InvalidValue(field="roles", value=", ".join(wanted["roles"]), expected=expected)
    if len(wanted["account"]) >= LEAST_NAME_TO_AVOID and wanted["account"] in password.lower():
        raise InvalidValue(field="password", value=HIDDEN, expected="a password without the account's name")
    check_length(password)
    return wanted, password


class Accounts:
    """The acts on accounts."""

    def __init__(self, register: Register, passwords: Passwords, clock: Clock) -> None:
        self._register = register
        self._passwords = passwords
        self._clock = clock

    async def bootstrap(self, account: str, args: dict[str, object]) -> dict[str, Json]:
        """Make the first account, an administrator's: only while the register has none.

        Raises:
            NotEmpty: there is an account already.
            InvalidValue: as `add`.
        """
        hashed, wanted = await self._wanted(Arguments({**args, "account": account, "roles": ["administrator"]}))

        def propose(session: Session) -> Sequence[Proposal]:
            if session.scalar(select(func.count()).select_from(tables.Account)):
                raise NotEmpty
            return [self._proposal(Actor(id=account, role=Role.ADMINISTRATOR), wanted, hashed)]

        await self._register.act(propose)
        return await self._shown(wanted["account"])

    async def add(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Make an account.

        Raises:
            Denied: `person` may not, or the roles exclude each other (`roles-incompatible`).
            InvalidValue: a value is wrong, or the name is taken.
        """
        hashed, wanted = await self._wanted(args)

        def propose(session: Session) -> Sequence[Proposal]:
            role = demand(person, ActName.ACCOUNT_ADD, NOTHING, self._clock.utc_us())
            if session.get(tables.Account, wanted["account"]) is not None:
                raise InvalidValue(field="account", value=wanted["account"], expected="a name that is not taken")
            return [self._proposal(Actor(id=person.account, role=role), wanted, hashed)]

        await self._register.act(propose)
        return await self._shown(wanted["account"])

    async def end(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Disable an account; it stays in the register.

        Raises:
            Denied: `person` may not, or would end the own account (`same-person`).
            InvalidValue: there is no such account.
        """
        name = account_id(args.text("account"))
        args.done()

        def propose(session: Session) -> Sequence[Proposal]:
            role = demand(person, ActName.ACCOUNT_END, NOTHING, self._clock.utc_us())
            row = session.get(tables.Account, name)
            if row is None:
                raise InvalidValue(field="account", value=name, expected="an account of the register")
            if name == person.account:
                raise Denied(rule="same-person", what=ActName.ACCOUNT_END, object=name)
            values = {key: getattr(row, key) for key in SHOWN}
            return [
                self._proposal(Actor(id=person.account, role=role), {**values, "disabled": True}, row.password_hash)
            ]

        await self._register.act(propose)
        return await self._shown(name)

    async def list(self, person: Person, args: Arguments) -> Json:
        """All accounts. Raises Denied."""
        args.done()
        demand(person, ActName.ACCOUNT_LIST, NOTHING, self._clock.utc_us())
        return await self._register.read(
            lambda session: [
                as_json(row, SHOWN) for row in session.scalars(select(tables.Account).order_by(tables.Account.account))
            ]
        )

    async def _wanted(self, args: Arguments) -> tuple[str, dict[str, Any]]:
        wanted, password = check_new_account(args, self._clock.utc_us())
        return await self._passwords.hash(password), wanted

    def _proposal(self, actor: Actor, wanted: dict[str, Any], hashed: str | None) -> Proposal:
        committed = salted(person=wanted["person"], service=wanted["service"], designation=wanted["designation"])
        personal = Personal(committed, {"password_hash": hashed})
        body = people.Account(
            account=wanted["account"],
            roles=tuple(wanted["roles"]),
            ends_utc_us=wanted["ends_utc_us"],
            person=personal.commitment("person"),
            service=personal.commitment("service"),
            designation=personal.commitment("designation"),
            disabled=wanted["disabled"],
        )
        return Proposal(ActId(uuid7(self._clock.utc_us())), actor, body, personal)

    async def _shown(self, name: str) -> dict[str, Json]:
        return await self._register.read(lambda session: as_json(session.get_one(tables.Account, name), SHOWN))


def _person(row: tables.Account) -> Person:
    return Person(
        account=AccountId(row.account),
        roles=frozenset(Role(role) for role in row.roles),
        ends_utc_us=None if row.ends_utc_us is None else UtcUs(row.ends_utc_us),
        disabled=row.disabled,
    )


def _roles(names: Sequence[str] | None) -> frozenset[Role]:
    known = {role.value for role in Role}
    if names is None or not known.issuperset(names):
        raise InvalidValue(field="roles", value=", ".join(names or ()), expected=f"of {', '.join(sorted(known))}")
    return frozenset(Role(name) for name in names)
