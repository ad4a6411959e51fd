"""What whoever placed a large hold is told: that it protects, until when, and whom to ask."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import typer

from nvr.app.cli.times import show_instant
from nvr.app.messages import say


def write_provisional(hold: str, until_utc_us: int, room: Mapping[str, int], zone: ZoneInfo) -> None:
    """Say it below the answer. `room` as `storage.ledger.people.RoomKept`."""
    shares = {name.removesuffix("_permille"): f"{value / 10:.1f}" for name, value in room.items()}
    typer.echo("\n" + say("hold-provisional", hold=hold, until=show_instant(until_utc_us, zone), **shares))
