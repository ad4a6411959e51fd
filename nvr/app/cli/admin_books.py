"""The ledger checked, the index made anew: on the files themselves, by whoever may read or write them."""

import asyncio
import sys
from zoneinfo import ZoneInfo

import typer

from access.verification.ledger import verify_ledger
from nvr.app.cli.answers import write_answer, write_json
from nvr.app.cli.common import EXIT_REFUSED, ConfigOption, JsonOption, LangOption, new_app, run, settings_of
from nvr.app.cli.verify import show
from nvr.app.keeper_settings import keeper_settings
from nvr.app.roles.keeper import only_keeper
from nvr.base.clock import SystemClock
from storage.keeping.keeper import Keeper
from storage.ledger.reader import DATABASE_NAME

app = new_app("The ledger checked, the index made anew.")


@app.command("ledger-verify")
def ledger_verify(
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = None,  # noqa: ARG001 -- nvr.app.messages reads it before anything else
) -> None:
    """Check every entry, node and checkpoint of the ledger; the exit code is 1 when something does not hold.

    Example: nvr-admin ledger verify
    """
    report = verify_ledger(settings_of(config).paths.ledger / DATABASE_NAME)
    if as_json:
        write_json(report.to_json())
    else:
        show(report)
    if not report.ok:
        raise typer.Exit(EXIT_REFUSED)


@app.command("index-rebuild")
def index_rebuild(
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = None,  # noqa: ARG001 -- nvr.app.messages reads it before anything else
) -> None:
    """Make the index anew from the ledger, while the keeper is stopped; recording may go on.

    Example: systemctl stop scelle-keeper; nvr-admin index rebuild; systemctl start scelle-keeper
    """
    settings = settings_of(config)

    async def rebuild() -> int:
        with only_keeper(settings.paths.ledger):
            keeper = Keeper(keeper_settings(settings), SystemClock())
            await keeper.start(rebuild_index=True)
            try:
                return (await keeper.status()).index_size
            finally:
                await keeper.close()

    size = asyncio.run(rebuild())
    write_answer({"index_size": size}, as_json=as_json, zone=ZoneInfo(settings.system.timezone))


if __name__ == "__main__":
    sys.exit(run(app, "nvr-admin"))
