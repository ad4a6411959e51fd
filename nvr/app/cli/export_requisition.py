"""Requisitions: received by the officer, validated or refused by another person."""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nvr.app.cli.answering import KeyAtHand
from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import JsonOption, new_app
from nvr.app.cli.export_share import give_share, grant_so_far
from nvr.app.cli.export_sitting import write_taken
from nvr.app.cli.person import Person, ReasonOption, act_and_list, act_and_write, person_of
from nvr.app.cli.placing import scope_of, write_placed, write_provisional
from nvr.app.cli.tables import requisition_rows
from nvr.app.messages import say
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from nvr.base.ids import requisition_no

requisition = new_app("Requisitions.")

RequisitionArgument = Annotated[str, typer.Argument(metavar="REQUISITION", help="For example R-2026-000123")]


@requisition.command("new")
def requisition_new(  # noqa: PLR0913, PLR0917 -- a parameter is an option
    context: typer.Context,
    begin: Annotated[str, typer.Option("--from", help="For example '2026-10-25 14:05'")],
    end: Annotated[str, typer.Option("--to")],
    asked_by: Annotated[str, typer.Option(help="Who asks: name, quality, service")],
    cameras: Annotated[list[str] | None, typer.Option("--camera", help="Repeat for several")] = None,
    place: Annotated[str | None, typer.Option(help="A street, a crossing, a point, instead of cameras")] = None,
    basis: Annotated[str | None, typer.Option(help="Legal basis, for example 60-1 or 77-1-1")] = None,
    authority_number: Annotated[str | None, typer.Option(help="The authority's own number")] = None,
    document: Annotated[Path | None, typer.Option(help="The requisition; its SHA-256 is entered")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Enter a requisition; the footage is held at once.

    Example: nvr-export --as j.martin requisition new --camera mairie-1 --from "2026-10-25 14:05"
    --to "2026-10-25 14:20" --asked-by "OPJ Durand, commissariat" --basis 60-1
    """
    person = person_of(context)
    answer = person.act(
        "requisition.new",
        asked_by=asked_by,
        basis=basis,
        authority_number=authority_number,
        document_sha256=None if document is None else _sha256(document),
        **scope_of(person, cameras, place, begin, end),
    )
    write_placed(answer, person.zone, as_json=as_json)
    if not as_json and answer["hold_provisional"]:
        write_provisional(answer["hold"], answer["hold_until_utc_us"], answer["hold_room"], person.zone)


@requisition.command("list")
def requisition_list(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """All requisitions.

    Example: nvr-export --as j.martin requisition list
    """
    act_and_list(context, "requisition.list", requisition_rows, as_json=as_json)


@requisition.command("show")
def requisition_show(context: typer.Context, number: RequisitionArgument, *, as_json: JsonOption = False) -> None:
    """One requisition with its hold and its grant.

    Example: nvr-export --as j.martin requisition show R-2026-000123
    """
    act_and_write(context, "requisition.show", as_json=as_json, requisition=requisition_no(number))


@requisition.command("validate")
def requisition_validate(  # noqa: PLR0913, PLR0917 -- a parameter is an option
    context: typer.Context,
    number: RequisitionArgument,
    authority_number: Annotated[str, typer.Option(help="The authority's own number")],
    basis: Annotated[str, typer.Option(help="Legal basis, for example 60-1 or 77-1-1")],
    checked: Annotated[str, typer.Option(help="How it was checked, for example 'call back to the switchboard'")],
    cameras: Annotated[list[str] | None, typer.Option("--camera", help="Narrow to these")] = None,
    begin: Annotated[str | None, typer.Option("--from", help="Narrow")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Narrow")] = None,
    valid_days: Annotated[int | None, typer.Option(min=1, help="Validity of the grant")] = None,
    key: Annotated[Path | None, typer.Option(metavar="KEYFILE", help="Your seat's key: give your share too")] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line is the key's passphrase")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to give the share.")] = False,
    continued: Annotated[
        bool, typer.Option("--continued", help="You were told that the ledger was restored from a backup.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate a requisition that another person entered; this makes the grant.

    With --key, who validates gives the share of the own seat too, on this machine: the grant is fetched, checked
    against the pins beside the key, shown, answered and handed in. Cut off, the same command goes on.

    Example: nvr-export --as p.leroy requisition validate R-2026-000123 --authority-number 2026/1234 --basis 60-1
    --checked "call back to the switchboard" --key leroy.key
    """
    person = person_of(context)
    requisition = requisition_no(number)
    made = None if key is None else grant_so_far(person, requisition)
    if made is not None:
        sys.stderr.write(f"{say('gesture-continued', requisition=requisition, grant=made)}\n")
        answer: Mapping[str, Any] = {"grant": made}
    else:
        answer = _validated(
            person,
            requisition=requisition,
            authority_number=authority_number,
            basis=basis,
            checked=checked,
            cameras=cameras or None,
            from_utc_us=None if begin is None else person.instant("--from", begin),
            to_utc_us=None if end is None else person.instant("--to", end),
            valid_days=valid_days,
        )
    if key is None:
        write_answer(answer, as_json=as_json, zone=person.zone)
        return
    if made is None:
        told = say("gesture-validated", requisition=requisition, grant=answer["grant"])
        sys.stderr.write(f"{told}\n")
    at_hand = KeyAtHand(key, passphrase_file, SystemClock(), yes, continued, sys.stderr)
    write_taken(person, give_share(person, requisition, str(answer["grant"]), at_hand), as_json=as_json)


def _validated(person: Person, **args: object) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = person.act("requisition.validate", **args)
    return answer


@requisition.command("refuse")
def requisition_refuse(
    context: typer.Context, number: RequisitionArgument, reason: ReasonOption, *, as_json: JsonOption = False
) -> None:
    """Refuse a requisition that another person entered.

    Example: nvr-export --as p.leroy requisition refuse R-2026-000123 --reason "no legal basis named"
    """
    act_and_write(context, "requisition.refuse", as_json=as_json, requisition=requisition_no(number), reason=reason)


@requisition.command("close")
def requisition_close(
    context: typer.Context, number: RequisitionArgument, reason: ReasonOption, *, as_json: JsonOption = False
) -> None:
    """Close a requisition; its hold ends, and nothing of it is released any more.

    Example: nvr-export --as j.martin requisition close R-2026-000123 --reason "handed over on 2026-11-02"
    """
    act_and_write(context, "requisition.close", as_json=as_json, requisition=requisition_no(number), reason=reason)


def _sha256(document: Path) -> str:
    try:
        with document.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidValue(field="--document", value=str(document), expected="a file that can be read") from error
