"""Grants: one file out, one file back per custodian."""

import base64
from pathlib import Path
from typing import Annotated

import typer

from access.parts import PART_BYTES
from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import JsonOption, new_app
from nvr.app.cli.files import read_file, write_new_file
from nvr.app.cli.person import person_of
from nvr.base.wire import Client

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
    write_new_file(out, person.talk(lambda access: _fetch(access, staged["token"])))


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
    person.talk(lambda access: _send(access, staged["token"], content))
    answer = person.act("grant.answer", grant=name, token=staged["token"])
    write_answer(answer, as_json=as_json, zone=person.zone)


async def _fetch(access: Client, token: str) -> bytes:
    """The grant file, read in parts: it outgrows a frame."""
    content, eof = bytearray(), False
    while not eof:
        part = await access.call("grant_read", {"token": token, "offset": len(content)})
        content += base64.b64decode(part["data"])
        eof = part["eof"]
    return bytes(content)


async def _send(access: Client, token: str, content: bytes) -> None:
    """The answer, written in parts."""
    for offset in range(0, len(content), PART_BYTES):
        data = base64.b64encode(content[offset : offset + PART_BYTES]).decode()
        await access.call("grant_write", {"token": token, "offset": offset, "data": data})
