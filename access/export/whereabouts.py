"""Where the cameras stood, as LISEZMOI.txt tells it: each minute of the interval, also those of which nobody knows."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from access.export.manifest import PlaceEntry
from nvr.base.catalogue import Catalogue, Language
from nvr.base.units import US_PER_SECOND

BUNDLE: Final = Catalogue("access", "bundle")
"""The texts of LISEZMOI.txt."""

_WIDTH: Final = 110
_DEGREE_E7: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """The cameras and the times of which places are told."""

    cameras: Sequence[str]
    from_utc_us: int
    to_utc_us: int


def whereabouts(places: Sequence[PlaceEntry], interval: Interval, language: Language) -> str:
    """A block for each camera: its places in the order of time, cut to the interval, and the times without one."""
    lines: list[str] = []
    for camera in interval.cameras:
        lines += [f"  {camera}", *_camera([place for place in places if place.camera == camera], interval, language)]
    return "\n".join(lines)


def _camera(places: Sequence[PlaceEntry], interval: Interval, language: Language) -> Iterator[str]:
    at = interval.from_utc_us
    for place in sorted(places, key=lambda one: one.from_utc_us):
        begin = max(place.from_utc_us, interval.from_utc_us)
        end = interval.to_utc_us if place.to_utc_us is None else min(place.to_utc_us, interval.to_utc_us)
        if begin >= end:
            continue
        if begin > at:
            yield from _part(at, begin, BUNDLE.text(language, "place-nowhere"), language)
        yield from _part(begin, end, _where(place, language), language)
        at = max(at, end)
    if at < interval.to_utc_us:
        yield from _part(at, interval.to_utc_us, BUNDLE.text(language, "place-nowhere"), language)


def _part(begin: int, end: int, where: str, language: Language) -> list[str]:
    text = BUNDLE.text(language, "place-part", begin=_instant(begin), end=_instant(end), where=where)
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")


def _where(place: PlaceEntry, language: Language) -> str:
    parts = [place.text]
    if place.lat_e7 is not None and place.lon_e7 is not None:
        parts.append(f"WGS 84 {_degrees(place.lat_e7)} {_degrees(place.lon_e7)}")
    if place.entered_late:
        parts.append(BUNDLE.text(language, "place-entered"))
    return ". ".join(parts)


def _degrees(e7: int) -> str:
    whole, rest = divmod(abs(e7), _DEGREE_E7)
    return f"{'-' if e7 < 0 else ''}{whole}.{rest:07d}"


def _instant(utc_us: int) -> str:
    return f"{datetime.fromtimestamp(utc_us // US_PER_SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC"
