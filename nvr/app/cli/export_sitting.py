"""Sittings: one file out for several grants, one file back from each custodian."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.carrying import fetch, send
from nvr.app.cli.common import EXIT_REFUSED, JsonOption, new_app
from nvr.app.cli.files import read_file, write_new_file
from nvr.app.cli.person import Person, person_of
from nvr.app.messages import explain, say
from nvr.base.errors import NvrError, Refused

sitting = new_app("Sittings: several grants in one file, and the custodians' answers.")


@sitting.command("file")
def sitting_file(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file that each custodian opens; it must not exist")],
    grants: Annotated[
        list[str] | None, typer.Argument(metavar="[GRANT]...", help="Their ids; else all that wait for custodians")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write one file for the custodians with all grants that wait for them, or with those that are named.

    Example: nvr-export --as j.martin sitting file --out sitting.json
    """
    person = person_of(context)
    staged = person.act("sitting.file", grants=grants or None)
    write_new_file(out, person.talk(lambda access: fetch(access, staged["token"])))
    told = {"file": str(out), "grants": staged["grants"], "left_out": staged["left_out"]}
    write_answer(told, as_json=as_json, zone=person.zone)


@sitting.command("answer")
def sitting_answer(
    context: typer.Context,
    answer_file: Annotated[Path, typer.Argument(metavar="ANSWER_FILE", help="What a custodian's tool wrote")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Hand in a custodian's answers; says of each grant whether they are enough. One that is refused is named.

    Example: nvr-export --as j.martin sitting answer answer-2.json
    """
    person = person_of(context)
    write_taken(person, hand_in(person, read_file(answer_file)), as_json=as_json)


def hand_in(person: Person, content: bytes) -> Mapping[str, Any]:
    """Bring a file of answers to access; what it says of each."""
    staged = person.act("sitting.upload", size=len(content))
    person.talk(lambda access: send(access, staged["token"], content))
    taken: Mapping[str, Any] = person.act("sitting.answer", token=staged["token"])
    return taken


def write_taken(person: Person, taken: Mapping[str, Any], *, as_json: bool) -> None:
    """How far each collection is, and which answers were refused, with exit code 1 if any was."""
    if as_json:
        write_answer(taken, as_json=True, zone=person.zone)
    else:
        write_answer([one for one in taken["answers"] if "refused" not in one], as_json=False, zone=person.zone)
        for one in taken["answers"]:
            if "refused" in one:
                sys.stderr.write(f"{say('answer-refused', grant=one['grant'])}\n{explain(_refusal(one))}\n")
    if taken["refused"]:
        raise typer.Exit(EXIT_REFUSED)


def _refusal(one: Mapping[str, Any]) -> NvrError:
    return Refused(str(one["refused"]), **one["fields"])
