"""What the administrator enters: points and accounts."""

from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import JsonOption, new_app, secret
from nvr.app.cli.person import act_and_list, act_and_write, person_of
from nvr.app.cli.tables import account_rows

point = new_app("Points: the numbered places of the prefect's order.")
account = new_app("Accounts of named persons.")

_E7 = 10_000_000


@point.command("add")
def point_add(  # noqa: PLR0913, PLR0917 -- a parameter is an option
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="POINT", help="Its id: a-z 0-9 _ . -")],
    number: Annotated[str, typer.Option(help="Its number in the prefect's order")],
    address: Annotated[str, typer.Option()],
    streets: Annotated[str | None, typer.Option(help="Streets that it covers")] = None,
    view: Annotated[str | None, typer.Option(help="The view, in words")] = None,
    district: Annotated[str | None, typer.Option()] = None,
    lat: Annotated[float | None, typer.Option(min=-90, max=90, help="Degrees, WGS 84")] = None,
    lon: Annotated[float | None, typer.Option(min=-180, max=180, help="Degrees, WGS 84")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Add a point.

    Example: nvr-admin --as admin point add p12 --number 12 --address "1 place de la Mairie"
    """
    person = person_of(context)
    answer = person.act(
        "point.add",
        point=name,
        number=number,
        address=address,
        streets=streets,
        view=view,
        district=district,
        lat_e7=None if lat is None else round(lat * _E7),
        lon_e7=None if lon is None else round(lon * _E7),
    )
    write_answer(answer, as_json=as_json, zone=person.zone)


@account.command("add")
def account_add(  # noqa: PLR0913 -- a parameter is an option
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The name to sign in with")],
    person_name: Annotated[str, typer.Option("--person", help="First and last name")],
    service: Annotated[str, typer.Option(help="Police municipale, mairie, ...")],
    designation: Annotated[str, typer.Option(help="The act that designates this person")],
    roles: Annotated[list[str], typer.Option("--role", help="administrator, officer, validator, auditor; repeat")],
    ends: Annotated[str | None, typer.Option("--until", help="End of the designation")] = None,
    new_password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line is the new account's password; else asked for")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Add the account of a named person; never one for several.

    Example: nvr-admin --as admin account add j.martin --person "Jeanne Martin" --service "Police municipale"
    --designation "arrêté 2026-4" --role officer
    """
    person = person_of(context)
    answer = person.act(
        "account.add",
        account=name,
        person=person_name,
        service=service,
        designation=designation,
        roles=roles,
        ends_utc_us=None if ends is None else person.instant("--until", ends),
        password=secret("ask-new-password", new_password_file, confirm=True),
    )
    write_answer(answer, as_json=as_json, zone=person.zone)


@account.command("end")
def account_end(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The name to sign in with")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Disable an account, at once; it stays in the register. Nobody ends the own account.

    Example: nvr-admin --as admin account end j.martin
    """
    act_and_write(context, "account.end", as_json=as_json, account=name)


@account.command("list")
def account_list(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """All accounts, for an administrator or an auditor.

    Example: nvr-admin --as admin account list
    """
    act_and_list(context, "account.list", account_rows, as_json=as_json)
