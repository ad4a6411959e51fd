"""The validator's seat in one gesture: validation and share, on the validator's own machine."""

import sys
from collections.abc import Mapping
from typing import Any

import typer

from nvr.app.cli.answering import KeyAtHand, sit
from nvr.app.cli.carrying import fetch
from nvr.app.cli.common import EXIT_REFUSED
from nvr.app.cli.export_sitting import hand_in
from nvr.app.cli.person import Person
from nvr.app.messages import say
from nvr.base.ids import RequisitionNo
from storage.vault.sitting import pack_answers


def grant_so_far(person: Person, requisition: RequisitionNo) -> str | None:
    """The grant that this person made of the requisition already; None: it is still to be validated."""
    grant = person.act("requisition.show", requisition=requisition)["grant"]
    return str(grant["grant"]) if grant is not None and grant["validated_by"] == person.account else None


def give_share(person: Person, requisition: RequisitionNo, grant: str, key: KeyAtHand) -> Mapping[str, Any]:
    """Fetch the grant's file, check and show it, answer it with the key at hand, and hand the answer in.

    Whatever goes wrong leaves the grant validated and waiting: that is said, and the same command goes on.
    """
    finished = False
    try:
        taken = _give(person, grant, key)
        finished = not taken["refused"]
    finally:
        if not finished:
            sys.stderr.write(f"{say('gesture-unfinished', requisition=requisition, grant=grant)}\n")
    return taken


def _give(person: Person, grant: str, key: KeyAtHand) -> Mapping[str, Any]:
    last = key.pins.last
    staged = person.act("sitting.file", grants=[grant], from_sizes=None if last is None else [last.size])
    sat = sit(person.talk(lambda access: fetch(access, staged["token"])), key)
    if not sat.answers or sat.checkpoint is None:
        raise typer.Exit(EXIT_REFUSED)
    key.having_seen(sat.checkpoint)
    return hand_in(person, pack_answers(sat.answers))
