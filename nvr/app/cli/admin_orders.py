"""The prefect's orders: entered, corrected, listed; what they would destroy is shown before."""

from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.camera_decision import decision
from nvr.app.cli.common import JsonOption, new_app
from nvr.app.cli.consent import DryRunOption, YesOption, enter
from nvr.app.cli.person import ReasonOption, act_and_write, person_of
from nvr.app.cli.tables import decision_rows, order_rows
from nvr.app.messages import say

authorisation = new_app("Authorisations: the prefect's orders.")

CamerasOption = Annotated[list[str] | None, typer.Option("--camera", help="Repeat; without it: all cameras")]


@authorisation.command("add")
def authorisation_add(  # noqa: PLR0913 -- a parameter is an option
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the order")],
    begin: Annotated[str, typer.Option("--from", help="First day, for example 2026-01-01")],
    end: Annotated[str, typer.Option("--to", help="Its end, for example 2031-01-01")],
    retention_days: Annotated[int, typer.Option(min=1, max=31, help="Days of the order")],
    minimum_days: Annotated[int | None, typer.Option(min=0, help="Minimum of the order")] = None,
    cameras: CamerasOption = None,
    succeeds: Annotated[str | None, typer.Option(metavar="NUMBER", help="The order that it renews")] = None,
    *,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Enter the prefect's order, before its cameras are added: those that it names may be still to come.

    Footage that is there follows it, too, if it began while the order was in force: what the order would destroy at
    once is shown and asked for before.

    Example: nvr-admin --as admin authorisation add 2026-117 --from 2026-01-01 --to 2031-01-01 --retention-days 30
    """
    person = person_of(context)
    args = {
        "number": number,
        "from_utc_us": person.instant("--from", begin),
        "to_utc_us": person.instant("--to", end),
        "retention_days": retention_days,
        "minimum_days": minimum_days,
        "cameras": cameras or None,
        "succeeds": succeeds,
    }
    enter(person, "authorisation.add", args, dry_run=dry_run, yes=yes, as_json=as_json)


@authorisation.command("edit")
def authorisation_edit(  # noqa: PLR0913, PLR0917 -- a parameter is an option
    context: typer.Context,
    order: Annotated[str, typer.Argument(metavar="NUMBER", help="The order's number, or its id")],
    reason: ReasonOption,
    number: Annotated[str | None, typer.Option("--number", help="Its number, corrected")] = None,
    begin: Annotated[str | None, typer.Option("--from", help="Its first day")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Its end: earlier when it was withdrawn")] = None,
    retention_days: Annotated[int | None, typer.Option(min=1, max=31, help="Days of the order")] = None,
    minimum_days: Annotated[int | None, typer.Option(min=0, help="Minimum of the order")] = None,
    cameras: Annotated[list[str] | None, typer.Option("--camera", help="The cameras that it covers; repeat")] = None,
    *,
    all_cameras: Annotated[bool, typer.Option("--all-cameras", help="It covers all cameras")] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Correct an order that was entered wrongly, or end one that was withdrawn; what is not named stays.

    Footage that began under the order follows the correction: what it would destroy at once is shown and asked for
    before.

    Example: nvr-admin --as admin authorisation edit 2026-117 --retention-days 15 --reason "typing error"
    """
    person = person_of(context)
    args = {
        "authorisation": order,
        "reason": reason,
        "number": number,
        "from_utc_us": None if begin is None else person.instant("--from", begin),
        "to_utc_us": None if end is None else person.instant("--to", end),
        "retention_days": retention_days,
        "minimum_days": minimum_days,
        "cameras": cameras or None,
        "all_cameras": all_cameras or None,
    }
    enter(person, "authorisation.edit", args, dry_run=dry_run, yes=yes, as_json=as_json)


@authorisation.command("list")
def authorisation_list(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """All orders: their days, whether they are in force, and for how many cameras they decide now.

    Below them what persons decided in place of an order, and the cameras that no order covers.

    Example: nvr-admin --as admin authorisation list
    """
    person = person_of(context)
    found = person.act("authorisation.list")
    if as_json:
        write_answer(found, as_json=True, zone=person.zone)
        return
    write_answer(order_rows(found["authorisations"]), as_json=False, zone=person.zone)
    for order in found["authorisations"]:
        if order["to_come"]:
            typer.echo("\n" + say("order-before-cameras", number=order["number"], cameras=", ".join(order["to_come"])))
    if found["decisions"]:
        typer.echo("\n" + say("decisions-without-order"))
        write_answer(decision_rows(found["decisions"]), as_json=False, zone=person.zone)
    if found["without"]:
        typer.echo("\n" + say("cameras-without-order", cameras=", ".join(found["without"])))


@authorisation.command("without-order")
def authorisation_without_order(
    context: typer.Context,
    cameras: Annotated[list[str], typer.Argument(metavar="CAMERA...", help="Cameras that no order covers now")],
    reason: ReasonOption,
    until: Annotated[str, typer.Option(metavar="DAY", help="When the decision ends: 120 days ahead at most")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Decide, under your name, that cameras go on without an order for a time: also where a decision ends, or is over.

    The last decision counts, also an earlier end. The alarm stays until the order is entered.

    Example: nvr-admin --as admin authorisation without-order parc-1 --reason "promised for May" --until 2026-05-31
    """
    decided = decision(person_of(context), reason, until)
    act_and_write(context, "authorisation.without_order", as_json=as_json, cameras=cameras, **decided)
