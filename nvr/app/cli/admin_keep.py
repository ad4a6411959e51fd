"""What is kept, how long, and whether the ledger and the index are whole."""

from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import JsonOption, command_elsewhere, new_app
from nvr.app.cli.consent import DryRunOption, YesOption, enter
from nvr.app.cli.files import read_file
from nvr.app.cli.forecasts import write_forecast
from nvr.app.cli.person import ReasonOption, act_and_list, act_and_write, person_of
from nvr.app.cli.tables import retention_rows, statement_rows
from nvr.app.messages import say

retention = new_app("How long footage is kept.")
ledger = new_app("The ledger.")
index = new_app("The index.")

command_elsewhere(
    retention,
    "forecast",
    "nvr.app.cli.admin_forecast",
    "Per disk, when it runs short; with --add or --prices what more cameras need, as a PDF for the council, too.",
    "forecast",
    of_person=True,
)
_BOOKS = "nvr.app.cli.admin_books"
command_elsewhere(ledger, "verify", _BOOKS, "Check every entry, node and checkpoint.", "ledger-verify")
command_elsewhere(ledger, "checkpoint", _BOOKS, "The newest signed checkpoint, to keep elsewhere.", "ledger-checkpoint")
command_elsewhere(index, "rebuild", _BOOKS, "Make it anew from the ledger; the keeper stopped.", "index-rebuild")
_CHECK = "nvr.app.cli.admin_check"
command_elsewhere(index, "check", _CHECK, "Compare footage with the index, while all goes on.", "index-check")
command_elsewhere(index, "damaged", _CHECK, "Segments whose files are not what was sealed.", "index-damaged")


@ledger.command("continue")
def ledger_continue(
    context: typer.Context,
    reason: ReasonOption,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The newest checkpoint that somebody kept: a witness, paper, a custodian"),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Declare, after a restore, that what followed in the ledger is lost, and let it go on.

    Example: nvr-admin --as admin ledger continue --reason "fire in the server room, backup of 3 March restored"
    """
    person = person_of(context)
    kept = None if checkpoint is None else read_file(checkpoint).decode("utf-8", "replace")
    answer = person.act("ledger.continue", reason=reason, checkpoint=kept)
    if as_json:
        write_answer(answer, as_json=True, zone=person.zone)
    else:
        typer.echo(say("ledger-went-on", **answer))


@retention.command("show")
def retention_show(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Per camera: the order, its days and minimum, the oldest record, the days achieved; below, the disks to come.

    Example: nvr-admin --as admin retention show
    """
    act_and_list(context, "retention.show", retention_rows, as_json=as_json)
    if not as_json:
        typer.echo()
        person = person_of(context)
        write_forecast(person.act("retention.forecast"), person.zone)


@retention.command("statement")
def retention_statement(
    context: typer.Context,
    day: Annotated[str, typer.Option(help="A local day that is over, for example 2026-10-25")],
    *,
    as_json: JsonOption = False,
) -> None:
    """What was destroyed on a day, camera by camera and why, what was due and held, and what signs for it.

    Example: nvr-admin --as admin retention statement --day 2026-10-25
    """
    person = person_of(context)
    found = person.act("retention.statement", day=day)
    if as_json:
        write_answer(found, as_json=True, zone=person.zone)
        return
    if found["cameras"]:
        write_answer(statement_rows(found["cameras"]), as_json=False, zone=person.zone)
    else:
        typer.echo(say("statement-nothing", day=day))
    entries = ", ".join(map(str, found["entries"]))
    typer.echo("\n" + say("statement-covered", entries=entries, size=found["checkpoint"].splitlines()[1]))
    typer.echo(found["checkpoint"])


@retention.command("set")
def retention_set(
    context: typer.Context,
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="The camera")],
    days: Annotated[int | None, typer.Option(min=1, max=31, help="Keep so many days at most")] = None,
    *,
    order_days: Annotated[bool, typer.Option("--order-days", help="Keep as long as the order says")] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Keep a camera's footage for fewer days than its order allows, never fewer than its minimum, or as long again.

    What there is follows it, too: what would be destroyed at once is shown and asked for before.

    Example: nvr-admin --as admin retention set mairie-1 --days 15
    """
    args = {"camera": camera, "retention_days": days, "order_days": order_days or None}
    enter(person_of(context), "retention.set", args, dry_run=dry_run, yes=yes, as_json=as_json)


@retention.command("allow")
def retention_allow(
    context: typer.Context,
    camera: Annotated[str, typer.Option(help="The camera of which `nvr status` says that its destruction is stopped")],
    reason: ReasonOption,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let the next pass destroy more than half of a camera's footage, once, within 24 hours; you looked why it would.

    Example: nvr-admin --as admin retention allow --camera mairie-1 --reason "15 days instead of 30, council of 3 March"
    """
    act_and_write(context, "retention.allow", as_json=as_json, camera=camera, reason=reason)
