"""The ledger checked, the index made anew: on the files themselves, by whoever may read or write them."""

import asyncio
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from access.verification.ledger import verify_ledger
from nvr.app.cli.answers import write_answer, write_json
from nvr.app.cli.common import EXIT_REFUSED, ConfigOption, JsonOption, new_app, run, settings_of
from nvr.app.cli.files import write_new_file
from nvr.app.cli.verify import show
from nvr.app.keeper_settings import keeper_settings
from nvr.app.roles.keeper import only_keeper
from nvr.base.clock import SystemClock
from nvr.base.errors import ConfigError
from storage.keeping.keeper import Keeper
from storage.ledger.reader import DATABASE_NAME, LedgerReader

app = new_app("The ledger checked, the index made anew.")


@app.command("ledger-verify")
def ledger_verify(
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
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


@app.command("ledger-checkpoint")
def ledger_checkpoint(
    config: ConfigOption = None,
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there; the file must not exist yet")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The newest signed checkpoint. Kept elsewhere, on paper or a stick, it shows later whether anything was changed.

    Example: nvr-admin ledger checkpoint --out /media/stick/checkpoint.txt
    """
    file = settings_of(config).paths.ledger / DATABASE_NAME
    with closing(LedgerReader(file)) as ledger:
        note = ledger.checkpoint()
    if note is None:  # a ledger is signed as it is made
        raise ConfigError(file=str(file), why="this is no whole ledger: `nvr-admin init` makes one")
    if out is not None:
        write_new_file(out, note.encode())
    if as_json:
        write_json({"checkpoint": note})
    elif out is None:
        sys.stdout.write(note)


@app.command("index-rebuild")
def index_rebuild(
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
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
