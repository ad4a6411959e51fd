"""The first administrator's account, made while no role runs: ledger first, like every account after it."""

from collections.abc import Sequence
from typing import Final

from access.accounts import Accounts
from access.passwords import Passwords, default_hasher
from config.model import Settings
from nvr.app.keeper_calls import keeper_handlers
from nvr.app.keeper_client import KeeperClient, LocalCaller
from nvr.app.keeper_settings import keeper_settings
from nvr.base.clock import Clock
from nvr.base.ids import CameraId, SegmentId
from nvr.base.jcs import Json
from storage.keeping.keeper import Keeper
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
    keeper = Keeper(keeper_settings(settings), clock)
    await keeper.start()
    try:
        register = await Register.open(
            settings.paths.register, KeeperClient(LocalCaller(keeper_handlers(keeper, nobody)))
        )
        try:
            accounts = Accounts(register, await Passwords.prepare(default_hasher()), clock)
            details: dict[str, object] = {"person": person, "service": service, "designation": designation}
            return await accounts.bootstrap(account, {**details, "password": password})
        finally:
            await register.close()
    finally:
        await keeper.ledger.checkpoint()
        await keeper.close()


async def nobody(_: Sequence[CameraId]) -> Sequence[SegmentId]:
    """No recorder runs: there is nothing to rotate."""
    return []
