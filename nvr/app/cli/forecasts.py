"""Forecasts on a screen: of the disks, and of cameras to come."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import typer

from nvr.app.capacity.plan import Plan
from nvr.app.cli.answers import write_answer
from nvr.app.cli.tables import copies_row, forecast_rows
from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.app.words import heading, word

_TERABYTE: Final = 10**12
_GIB: Final = 1 << 30


def write_forecast(found: Mapping[str, Any] | None, zone: ZoneInfo) -> None:
    """When each disk runs short, as the keeper estimated it last, and how second copies stand."""
    write_answer(forecast_rows((found or {}).get("volumes", ())), as_json=False, zone=zone)
    room_bytes = sum(volume["room_bytes"] for volume in (found or {}).get("volumes", ()))
    if room_bytes > 0:
        held_bytes = sum(volume["held_bytes"] for volume in (found or {})["volumes"])
        sizes = {"held": held_bytes // _GIB, "room": room_bytes // _GIB}
        typer.echo("\n" + say("holds-keep", **sizes, percent=show_number(100 * held_bytes / room_bytes, LANGUAGE, 1)))
    at_risk = (found or {}).get("minimum_at_risk_utc_us")
    if at_risk is not None:
        typer.echo("\n" + say("minimum-at-risk", at_utc_us=at_risk))
    copies = (found or {}).get("copies")
    if copies:
        typer.echo()
        write_answer(copies_row(copies), as_json=False, zone=zone)


def write_plan(found: Plan, zone: ZoneInfo) -> None:
    """One row a phase, and what it comes to."""
    rows = [
        {
            "phase": each.name or heading("today"),
            "status": word(each.status),
            "begins": each.begins.isoformat(),
            "cameras": each.cameras,
            "need_TB": show_number(each.need_bytes / _TERABYTE, LANGUAGE, 1),
            "room_TB": show_number(each.room_bytes / _TERABYTE, LANGUAGE, 1),
            "disks_to_buy": each.disks_to_buy,
            "days_kept": each.days_kept,
            "Mbit/s": round(each.network_mbit),
            "W": round(each.running.watts),
            "euros": round(each.bought),
            "euros_a_year": round(each.running.a_year),
        }
        for each in found.stages
    ]
    write_answer(rows, as_json=False, zone=zone)
    full = found.full_on
    texts = {"days": found.days, "kept": found.kept_days, "left": found.kept_days_after_loss}
    typer.echo("\n" + say("capacity-now", **texts))
    typer.echo(say("capacity-well") if full is None else say("capacity-full", day=full.isoformat()))
    if bays := found.stages[-1].bays_missing:
        typer.echo(say("capacity-bays", bays=bays))
