"""What there is of a place or of cameras at a time, and until when: the same command for officer and administrator."""

from typing import Annotated

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import JsonOption
from nvr.app.cli.footage_rows import footage_rows, overlap_lines
from nvr.app.cli.person import person_of
from nvr.app.cli.placing import scope_of
from nvr.app.messages import say


def footage(
    context: typer.Context,
    begin: Annotated[str, typer.Option("--from", help="For example '2026-10-25 14:05'")],
    end: Annotated[str, typer.Option("--to")],
    cameras: Annotated[list[str] | None, typer.Option("--camera", help="Repeat for several")] = None,
    place: Annotated[str | None, typer.Option(help="A street, a crossing, an address, a point, a district")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Which cameras covered a place, what there is of them, what not and why, and when it is destroyed. No picture.

    Example: nvr-export --as j.martin footage --place "angle rue de la Gare et av. Foch" --from "2026-10-25 14:05"
    --to "2026-10-25 14:20"
    """
    person = person_of(context)
    answer = person.act("footage.at", **scope_of(person, cameras, place, begin, end))
    if as_json:
        write_answer(answer, as_json=True, zone=person.zone)
        return
    if answer["cameras"]:
        write_answer(footage_rows(answer["cameras"], person.zone), as_json=False, zone=person.zone)
    else:
        typer.echo(say("footage-no-camera"))
    if any(camera["coverage"] is None for camera in answer["cameras"]):
        typer.echo("\n" + say("footage-without-index"))
    for line in overlap_lines(answer, person.zone):
        typer.echo("\n" + line)
