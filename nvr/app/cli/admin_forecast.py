"""`nvr-admin retention forecast`: a process of its own, so that no other command loads what sets a PDF."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from config.load import read_as
from nvr.app.capacity.measured import measured_of
from nvr.app.capacity.plan import Plan, plan
from nvr.app.capacity.prices import Prices
from nvr.app.capacity.report import render
from nvr.app.cli.answers import write_json
from nvr.app.cli.common import ConfigOption, JsonOption, new_app, run
from nvr.app.cli.files import write_new_file
from nvr.app.cli.forecasts import write_forecast, write_plan
from nvr.app.cli.person import AsOption, PasswordFileOption, signed_in
from nvr.app.messages import LANGUAGE, say

app = new_app("When disks run short, and what more cameras need.")


@app.callback()
def _with_commands() -> None:
    """Keep `forecast` a command with a name, as the program that becomes this one gives it."""


@app.command("forecast")
def retention_forecast(
    config: ConfigOption = None,
    account: AsOption = None,
    password_file: PasswordFileOption = None,
    *,
    add: Annotated[int, typer.Option("--add", min=0, max=10_000, help="So many cameras more, at once")] = 0,
    prices: Annotated[
        Path | None, typer.Option("--prices", metavar="FILE", help="The town's prices and phases (docs/capacity.md)")
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Two pages for the council, in a new file")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Per disk: what a day brings, what is due, when footage goes early for want of room, when recording moves on.

    With --add, --prices or --pdf, phase by phase: disks, days kept, network, electricity and euros.

    Example: nvr-admin --as admin retention forecast --add 35 --prices prices.toml --pdf council.pdf
    """
    figures = Prices() if prices is None else read_as(Prices, prices)
    person = signed_in(config, account, password_file)
    forecast = person.act("retention.forecast")
    if not add and prices is None and pdf is None:
        if as_json:
            write_json(forecast)
        else:
            write_forecast(forecast, person.zone)
        return
    measured = measured_of(forecast, person.act("retention.show"), person.zone)
    found = plan(measured, figures, add)
    if pdf is not None:
        write_new_file(pdf, render(person.settings.system.origin, measured, found, figures, LANGUAGE))
    if as_json:
        write_json(TypeAdapter(Plan).dump_python(found, mode="json"))
        return
    write_plan(found, person.zone)
    if pdf is not None:
        typer.echo(say("capacity-written", path=pdf))


def main() -> int:
    """The command, as another program becomes it."""
    return run(app, "nvr-admin retention")


if __name__ == "__main__":
    raise SystemExit(main())
