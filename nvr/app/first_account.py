"""The first administrator's account, made while no role runs: ledger first, like every account after it."""

from typing import Final

from access.accounts import Accounts
from access.passwords import Passwords, default_hasher
from config.model import Settings
from nvr.app.keeper_client import KeeperClient, LocalCaller
from nvr.app.ledger_calls import ledger_handlers
from nvr.base.clock import Clock
from nvr.base.jcs import Json
from storage.ledger.service import LedgerService
from storage.register.register import Register

ROLE: Final = "administrator"


async def make_first_account(
    settings: Settings, clock: Clock, *, account: str, person: str, service: str, designation: str, password: str
) -> dict[str, Json]:
    """Make the account; only while the register has none.

    Raises:
        InvalidValue: the name or the password is not acceptable.
        Refused: there is an account already.
    """
    ledger = LedgerService(settings.paths.ledger, settings.system.origin, clock)
    await ledger.start()
    try:
        register = await Register.open(settings.paths.register, KeeperClient(LocalCaller(ledger_handlers(ledger))))
        try:
            accounts = Accounts(register, await Passwords.prepare(default_hasher()), clock)
            details: dict[str, object] = {"person": person, "service": service, "designation": designation}
            return await accounts.bootstrap(account, {**details, "password": password})
        finally:
            await register.close()
    finally:
        await ledger.checkpoint()
        await ledger.close()
