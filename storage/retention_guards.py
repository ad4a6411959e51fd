"""What a pass does not do before a person has looked (docs/design/storage.md, "Retention"). Pure.

Each guard stops only what it is about, one camera or one volume. None stops what the cap demands: nothing lengthens it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, TypeAlias

from nvr.base.units import US_PER_DAY
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.retention import Decision, Verdict

MASS: Final = "retention-mass"
BLIND: Final = "retention-blind"
IDLE: Final = "retention-idle"
FULL: Final = "retention-full"

Stock: TypeAlias = tuple[str, SegmentState]
"""What there is of one camera, sealed or lost; each is judged by itself. Taken together, much that is lost would make
all that is there a small part."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Destruction that was stopped: the id of its text with the text's values, and the camera or volume."""

    id: str
    about: str
    fields: Mapping[str, str | int]

    def __str__(self) -> str:
        return f"{self.id}: {', '.join(f'{key}={value}' for key, value in self.fields.items())}"


def bulks(decisions: Iterable[Decision]) -> dict[Stock, list[Decision]]:
    """What would be destroyed for another reason than the cap, where that is a day's worth or more.

    In a common minute it is a segment or two of each camera: then nothing has to be counted.
    """
    found: dict[Stock, list[Decision]] = {}
    for decision in decisions:
        if decision.verdict is Verdict.DUE and decision.reason != "cap":
            found.setdefault((decision.segment.camera, decision.segment.state), []).append(decision)
    return {stock: due for stock, due in found.items() if recorded_us(one.segment for one in due) >= US_PER_DAY}


def guard_mass(
    decisions: Iterable[Decision],
    bulk: Mapping[Stock, list[Decision]],
    stock_us: Mapping[Stock, int],
    allowed: Collection[str],
) -> tuple[list[Decision], list[Halt]]:
    """The decisions without those of cameras that would lose more than half of what there is, and why.

    `stock_us` is how much there is of each stock of `bulk`. A person allowed it for the cameras `allowed`: what goes on
    by that says so.
    """
    half = {stock: due for stock, due in bulk.items() if 2 * recorded_us(one.segment for one in due) > stock_us[stock]}
    cameras = {camera for camera, _ in half}
    kept = []
    for decision in decisions:
        camera = decision.segment.camera
        if camera not in cameras or decision.verdict is not Verdict.DUE or decision.reason == "cap":
            kept.append(decision)
        elif camera in allowed:
            kept.append(replace(decision, allowed=camera))
    halts = [_mass(stock, due, stock_us[stock]) for stock, due in half.items() if stock[0] not in allowed]
    return kept, halts


def recorded_us(segments: Iterable[SegmentRow]) -> int:
    """How long these segments last together."""
    return sum(segment.end_utc_us - segment.start_utc_us for segment in segments)


def blind(volume: str, what: str) -> Halt:
    """The free room of a volume can not be read."""
    return Halt(BLIND, volume, {"volume": volume, "why": what})


def idle(volume: str, segments: int, destroyed_bytes: int, free_bytes: int) -> Halt:
    """A relief freed no room."""
    fields: dict[str, str | int] = {
        "volume": volume,
        "segments": segments,
        "room": in_gib(destroyed_bytes),
        "free": in_gib(free_bytes),
    }
    return Halt(IDLE, volume, fields)


def in_gib(size_bytes: int) -> str:
    """Bytes as people read them."""
    return f"{size_bytes / 2**30:.1f} GiB"


def _mass(stock: Stock, due: list[Decision], stock_us: int) -> Halt:
    camera, _ = stock
    fields: dict[str, str | int] = {
        "camera": camera,
        "segments": len(due),
        "length": _hours(recorded_us(one.segment for one in due)),
        "stock": _hours(stock_us),
        "from_utc_us": int(min(one.segment.start_utc_us for one in due)),
        "to_utc_us": int(max(one.segment.end_utc_us for one in due)),
        "reason": str(due[0].reason),
    }
    return Halt(MASS, camera, fields)


def _hours(length_us: int) -> str:
    return f"{timedelta(microseconds=length_us) / timedelta(hours=1):.0f} h"
