"""Grants: one file out, one file back per custodian."""

from pathlib import Path
from typing import Annotated

import typer

from nvr.app.cli.common import JsonOption, new_app, write_answer
from nvr.app.cli.files import read_json, write_new_file
from nvr.app.cli.person import person_of
from nvr.base.jcs import canonical

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
    answer = person.act("grant.file", grant=name)
    write_new_file(out, canonical(answer))


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
    answer = person.act("grant.answer", grant=name, answer=read_json(answer_file))
    write_answer(answer, as_json=as_json, zone=person.zone)
