"""The options by which a camera is recorded though no order covers it."""

from typing import Annotated

import typer

from nvr.app.cli.person import Person, require

WithoutOrderOption = Annotated[
    str | None,
    typer.Option(metavar="REASON", help="Go on though no order covers it: why, in words; with --until"),
]
UntilOption = Annotated[str | None, typer.Option(metavar="DAY", help="When that decision ends: 120 days ahead at most")]


def decision(person: Person, without_order: str | None, until: str | None) -> dict[str, object]:
    """The arguments of the act, none where nobody decides. Raises InvalidValue: one without the other, or no day."""
    if without_order is None and until is None:
        return {}
    ends = person.instant("--until", require("--until", until))
    return {"without_order": require("--without-order", without_order), "until_utc_us": ends}
