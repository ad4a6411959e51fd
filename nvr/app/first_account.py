"""The first administrator's account, made while no role runs: ledger first, like every account after it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from access.arguments import Arguments
from access.people.accounts import Accounts, check_new_account
from access.people.passwords import Passwords, default_hasher
from config.model import Settings
from nvr.app.keeper_calls import keeper_handlers
from nvr.app.keeper_client import KeeperClient, LocalCaller
from nvr.app.keeper_settings import keeper_settings
from nvr.base.clock import Clock
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.keeping.keeper import Keeper
from storage.register.register import Register

ROLE: Final = "administrator"


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """What was asked of the first administrator; `repr` does not show the password."""

    account: str
    person: str
    service: str
    designation: str
    password: str = field(repr=False)

    def details(self) -> dict[str, object]:
        """As the act takes them, beside the account's name and role."""
        texts = {"person": self.person, "service": self.service, "designation": self.designation}
        return {**texts, "password": self.password}

    def check(self, now_utc_us: UtcUs) -> None:
        """Check all that the register would refuse, before anything is made. Raises InvalidValue."""
        check_new_account(Arguments({**self.details(), "account": self.account, "roles": [ROLE]}), now_utc_us)


async def make_first_account(settings: Settings, clock: Clock, first: FirstAccount) -> dict[str, Json]:
    """Make the account; only while the register has none.

    Raises:
        InvalidValue: the name or the password is not acceptable.
        Refused: there is an account already.
    """
    keeper = Keeper(keeper_settings(settings), clock)
    await keeper.start()
    try:
        register = await Register.open(
            settings.register_location, KeeperClient(LocalCaller(keeper_handlers(keeper, nobody)))
        )
        try:
            accounts = Accounts(register, await Passwords.prepare(default_hasher()), clock)
            return await accounts.bootstrap(first.account, first.details())
        finally:
            await register.close()
    finally:
        await keeper.ledger.checkpoint()
        await keeper.close()


async def nobody(_: Sequence[CameraId]) -> Sequence[SegmentId]:
    """No recorder runs: there is nothing to rotate."""
    return []
