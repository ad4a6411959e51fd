"""Changes of retention, which are shown before they are made: what they would destroy is asked for by name."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from nvr.app.cli.answers import write_answer
from nvr.app.cli.common import abort_on_no
from nvr.app.cli.person import Person
from nvr.app.cli.tables import effect_rows
from nvr.app.messages import say

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what it would destroy, and do nothing")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before footage is destroyed")]


def enter(person: Person, act: str, args: Mapping[str, object], *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Show what the act would destroy, and run it if the person means that."""
    preview = person.act(act, **args, dry_run=True)
    effects: list[dict[str, Any]] = preview["effects"]
    if not as_json and effects:
        write_answer(effect_rows(effects), as_json=False, zone=person.zone)
    if dry_run:
        if as_json:
            write_answer(preview, as_json=True, zone=person.zone)
        elif not effects:
            typer.echo(say("change-destroys-nothing"))
        return
    destroyed = sum(each["segments"] for each in effects)
    if destroyed and not yes:
        abort_on_no("confirm-change-destroys", segments=destroyed)
    answer = person.act(act, **args, accept_destruction=True if destroyed else None)
    write_answer(answer, as_json=as_json, zone=person.zone)
