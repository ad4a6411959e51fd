"""Acts of a named person, over access's socket."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import typer

from config.model import Settings
from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import ConfigOption, secret, settings_of
from nvr.app.cli.times import parse_instant
from nvr.app.messages import say
from nvr.base.errors import InvalidValue
from nvr.base.units import UtcUs
from nvr.base.wire import Client

T = TypeVar("T")
Rows: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]

_ACT_DEADLINE_S: Final = 600.0
"""A grant file waits for the rotation of its cameras, and reads the heads of all that it releases."""

_DEADLINES_S: Final = MappingProxyType({"export": 6 * 3600.0})
"""Days of many cameras are read, opened and written."""

AsOption = Annotated[str | None, typer.Option("--as", metavar="ACCOUNT", help="Your account; asked for if absent.")]
PasswordFileOption = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="Its first line is your password.")
]


ReasonOption = Annotated[str, typer.Option(help="In words; the ledger gets a commitment to them")]


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, on which system; the password is asked for once, and shown nowhere."""

    settings: Settings
    account: str
    password: str = field(repr=False)

    @property
    def zone(self) -> ZoneInfo:
        """Local time of the system."""
        return ZoneInfo(self.settings.system.timezone)

    def act(self, name: str, **args: object) -> Any:  # noqa: ANN401 -- JSON, see docs/design/processes.md
        """Run the act and give its answer; arguments that are None are not sent. Raises NvrError."""
        return self.talk(lambda access: self.act_over(access, name, **args))

    async def act_over(self, access: Client, name: str, **args: object) -> Any:  # noqa: ANN401 -- JSON
        """As `act`, on a connection that is there."""
        given = {key: value for key, value in args.items() if value is not None}
        request = {"account": self.account, "password": self.password, "name": name, "args": given}
        return await access.call("act", request, deadline_s=_DEADLINES_S.get(name, _ACT_DEADLINE_S))

    def talk(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Run some work on one connection to access."""

        async def connected() -> T:
            async with Client(self.settings.paths.access_socket) as access:
                return await work(access)

        return asyncio.run(connected())

    def instant(self, option: str, text: str) -> UtcUs:
        """An instant from an option, in local time unless it says otherwise. Raises InvalidValue."""
        return parse_instant(option, text, self.zone)


def sign_in(
    context: typer.Context,
    config: ConfigOption = None,
    account: AsOption = None,
    password_file: PasswordFileOption = None,
) -> None:
    """Who acts: the callback of a command line of persons. Nothing is asked for until a command needs it."""
    person: list[Person] = []

    def of_this_call() -> Person:
        if not person:
            person.append(signed_in(config, account, password_file))
        return person[0]

    context.obj = of_this_call


def signed_in(config: Path | None, account: str | None, password_file: Path | None) -> Person:
    """The person of these options, asked for what they lack. Raises ConfigError."""
    settings = settings_of(config)
    name = account or str(typer.prompt(say("ask-account"), err=True))
    return Person(settings, name, secret("ask-password", password_file))


def person_of(context: typer.Context) -> Person:
    """The person of this command line."""
    of_this_call: Callable[[], Person] = context.obj
    return of_this_call()


def act_and_write(context: typer.Context, name: str, *, as_json: bool, **args: object) -> None:
    """Run the act of this command line's person, and write its answer."""
    person = person_of(context)
    write_answer(person.act(name, **args), as_json=as_json, zone=person.zone)


def act_and_list(context: typer.Context, name: str, rows: Rows, *, as_json: bool) -> None:
    """The same for an act that answers with a list, of which people see `rows`."""
    person = person_of(context)
    answer = person.act(name)
    write_answer(answer if as_json else rows(answer), as_json=as_json, zone=person.zone)


def require(option: str, value: T | None) -> T:
    """The value of an option that this combination needs. Raises InvalidValue."""
    if value is None:
        raise InvalidValue(field=option, value="", expected="a value")
    return value
