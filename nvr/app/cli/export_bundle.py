"""The bundle: made by access, carried to a folder, verified."""

import base64
import errno
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import JsonOption
from nvr.app.cli.export_requisition import RequisitionArgument
from nvr.app.cli.person import Person, person_of
from nvr.base.errors import Refused
from nvr.base.ids import RequisitionNo, requisition_no
from nvr.base.wire import Client
from storage.durable import remove_tree, rename_file


def export(
    context: typer.Context,
    number: RequisitionArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to make; it must not exist")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Make the bundle of an open grant and write it into a new folder.

    Example: nvr-export --as j.martin export R-2026-000123 --out /media/usb/R-2026-000123
    """
    person = person_of(context)
    requisition = requisition_no(number)
    partial = _partial(out)
    try:
        answer = person.talk(lambda access: _export(person, access, requisition, partial))
        rename_file(partial, out)
    except OSError as error:
        _remove(partial)
        raise Refused("file-not-written", file=str(error.filename or out), why=error.strerror) from error
    except BaseException:
        _remove(partial)
        raise
    write_answer({"bundle": answer["bundle"], "folder": str(out)}, as_json=as_json, zone=person.zone)


def _remove(partial: Path) -> None:
    # The disk that refused a file may refuse this too, or be gone: what went wrong first is what is told.
    with suppress(OSError):
        remove_tree(partial)


def _partial(out: Path) -> Path:
    """The folder that the bundle is written into: made first, since an export that nobody can take is not to be logged.

    It has the bundle's name only once the bundle is whole.
    """
    partial = out.with_name(f"{out.name}.partial")
    try:
        if out.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        partial.mkdir(mode=0o750)
    except OSError as error:
        raise Refused("file-not-written", file=str(out), why=error.strerror) from error
    return partial


async def _export(person: Person, access: Client, number: RequisitionNo, out: Path) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = await person.act_over(access, "export", requisition=number)
    await _fetch(access, answer["token"], answer["files"], out)
    await person.act_over(access, "export.done", token=answer["token"])
    return answer


async def _fetch(access: Client, token: str, files: Sequence[Mapping[str, Any]], out: Path) -> None:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("export", total=sum(file["size"] for file in files))
        for file in files:
            target = _inside(out, file["path"])
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as sink:
                offset, eof = 0, False
                while not eof:
                    request = {"token": token, "path": file["path"], "offset": offset}
                    chunk = await access.call("bundle_read", request)
                    data, eof = base64.b64decode(chunk["data"]), chunk["eof"]
                    sink.write(data)
                    offset += len(data)
                    progress.advance(task, len(data))
                sink.flush()
                os.fsync(sink.fileno())


def _inside(folder: Path, name: str) -> Path:
    """The path of a bundle's file in the folder; a name that leads out of it is refused."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise Refused("bundle-path", path=name)
    return folder.joinpath(*path.parts)
