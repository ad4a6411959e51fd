"""Holds: placed, confirmed, listed, ended."""

from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import JsonOption, new_app
from nvr.app.cli.person import ReasonOption, act_and_write, person_of
from nvr.app.cli.placing import scope_of, write_placed, write_provisional
from nvr.app.cli.tables import hold_rows
from nvr.app.messages import say
from nvr.base.errors import InvalidValue

hold = new_app("Holds: footage that must not be destroyed.")


@hold.command("place")
def hold_place(
    context: typer.Context,
    begin: Annotated[str, typer.Option("--from", help="For example '2026-10-25 14:05'")],
    end: Annotated[str, typer.Option("--to")],
    asked_by: Annotated[str, typer.Option(help="Who asks: name and service")],
    cameras: Annotated[list[str] | None, typer.Option("--camera", help="Repeat for several")] = None,
    place: Annotated[str | None, typer.Option(help="A street, a crossing, a point, instead of cameras")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Keep footage from destruction, at once; the requisition follows within 96 hours.

    Where holds would keep more than their share of the disks, a validator has to confirm it within 96 hours.

    Example: nvr-admin --as admin hold place --camera mairie-1 --from "2026-10-25 14:05" --to "2026-10-25 14:20"
    --asked-by "OPJ Durand, commissariat"
    """
    person = person_of(context)
    answer = person.act("hold.place", asked_by=asked_by, **scope_of(person, cameras, place, begin, end))
    write_placed(answer, person.zone, as_json=as_json)
    if not as_json and answer["provisional"]:
        write_provisional(answer["hold"], answer["until_utc_us"], answer["room"], person.zone)


@hold.command("confirm")
def hold_confirm(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="HOLD", help="Its id, as `hold list` shows it")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Let a hold last that keeps much, as a validator; without that it runs out 96 hours after it was placed.

    Example: nvr-admin --as p.leroy hold confirm 0199...
    """
    act_and_write(context, "hold.confirm", as_json=as_json, hold=name)


@hold.command("list")
def hold_list(
    context: typer.Context,
    *,
    old: Annotated[bool, typer.Option("--old", help="Those alone that may be needed no more")] = False,
    days: Annotated[int | None, typer.Option(min=0, help="With --old, in place of hold.review_days")] = None,
    as_json: JsonOption = False,
) -> None:
    """All holds, each with what it keeps; with --old, those placed long ago, or whose requisition was refused.

    Example: nvr-admin --as admin hold list --old --days 30
    """
    person = person_of(context)
    if days is not None and not old:
        raise InvalidValue(field="--days", value=days, expected="--old with it")
    old_days = person.settings.hold.review_days if days is None else days
    holds = person.act("hold.list", old_days=old_days if old else None)
    write_answer(holds if as_json else hold_rows(holds), as_json=as_json, zone=person.zone)
    if not as_json and any(hold["lost"] is None for hold in holds):
        typer.echo("\n" + say("holds-without-index"))


@hold.command("end")
def hold_end(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="HOLD", help="Its id, as `hold list` shows it")],
    reason: ReasonOption,
    *,
    as_json: JsonOption = False,
) -> None:
    """End a hold, as a validator; one with a requisition ends when that is closed.

    Example: nvr-admin --as p.leroy hold end 0199... --reason "no requisition within 96 hours"
    """
    act_and_write(context, "hold.end", as_json=as_json, hold=name, reason=reason)
