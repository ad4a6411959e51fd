"""Grants: one file out, one file back per custodian."""

from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.carrying import fetch, send
from nvr.app.cli.common import JsonOption, new_app
from nvr.app.cli.files import read_file, write_new_file
from nvr.app.cli.person import ReasonOption, act_and_write, person_of

grant = new_app("Grants: what was validated, and the custodians' answers.")

GrantArgument = Annotated[str, typer.Argument(metavar="GRANT", help="Its id, as `requisition validate` gave it")]


@grant.command("file")
def grant_file(
    context: typer.Context,
    name: GrantArgument,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file that each custodian opens; it must not exist")],
) -> None:
    """Write the grant file for the custodians.

    Example: nvr-export --as j.martin grant file 0199... --out grant.json
    """
    person = person_of(context)
    staged = person.act("grant.file", grant=name)
    write_new_file(out, person.talk(lambda access: fetch(access, staged["token"])))


@grant.command("answer")
def grant_answer(
    context: typer.Context,
    name: GrantArgument,
    answer_file: Annotated[Path, typer.Argument(metavar="ANSWER_FILE", help="What a custodian's tool wrote")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Hand in a custodian's answer; says whether it is enough.

    Example: nvr-export --as j.martin grant answer 0199... answer-2.json
    """
    person = person_of(context)
    content = read_file(answer_file)
    staged = person.act("grant.upload", grant=name, size=len(content))
    person.talk(lambda access: send(access, staged["token"], content))
    answer = person.act("grant.answer", grant=name, token=staged["token"])
    write_answer(answer, as_json=as_json, zone=person.zone)


@grant.command("revoke")
def grant_revoke(
    context: typer.Context, name: GrantArgument, reason: ReasonOption, *, as_json: JsonOption = False
) -> None:
    """End a grant for good, as a validator or as its opener; whatever is being read of it ends at once.

    Example: nvr-export --as p.leroy grant revoke 0199... --reason "withdrawn by the prosecutor"
    """
    act_and_write(context, "grant.revoke", as_json=as_json, grant=name, reason=reason)


@grant.command("reopen")
def grant_reopen(
    context: typer.Context,
    name: GrantArgument,
    checked: Annotated[str, typer.Option(help="Why, and how it was checked; the custodians see it")],
    valid_days: Annotated[int | None, typer.Option(min=1, max=90, help="The new validity; else 15 days")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Prolong a grant that is over: its custodians answer anew, since what they gave was wiped.

    Example: nvr-export --as p.leroy grant reopen 0199... --checked "the judge asked for a copy more" --valid-days 30
    """
    act_and_write(context, "grant.reopen", as_json=as_json, grant=name, checked=checked, valid_days=valid_days)
