"""What a camera's measures mean: the norm of the decree of 3 August 2007, and what somebody should see to. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nvr.base.jcs import Json
from nvr.base.units import US_PER_SECOND
from recorder.errors import Cause
from recorder.measuring import Measured
from recorder.onvif.examining import Examined

NARROW_SIDES: Final = (704, 576)
NARROW_FPS_MILLI: Final = 12_000
WIDE_SIDES: Final = (352, 288)
WIDE_FPS_MILLI: Final = 6_000
"""Arrêté of 3 August 2007 (NOR IOCD0762353A), article 2: narrow views and fast movement, then all others."""
_RATE_TOLERANCE_MILLI: Final = 50
"""A rate that jitter alone brings below the norm is not below it."""

MOST_CLOCK_OFFSET_US: Final = US_PER_SECOND
MOST_TOLD_OFFSET_US: Final = 2 * US_PER_SECOND
"""For a clock that is told in whole seconds, over a network."""
_MARGIN: Final = 1.1
"""Sizes that differ by less are one picture with or without its padding."""
MOST_KEY_INTERVAL_MS: Final = 5_000
"""A longer group of pictures lengthens every export by what lies before its first picture."""


class Decree(StrEnum):
    """Which views the measured video is good enough for."""

    NARROW = "narrow"
    """All."""
    WIDE = "wide"
    """Those that show no persons or plates from near."""
    BELOW = "below"
    """None."""
    UNKNOWN = "unknown"


class Level(StrEnum):
    """How much a finding matters."""

    FAILED = "failed"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know; `id` names its text, `fields` what the text needs."""

    level: Level
    id: str
    fields: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Sessions:
    """What the test meant to the camera's recording: whether it recorded before, and whether it went on."""

    recorded: bool
    recording_lost: bool


def decree(measured: Measured | None) -> Decree:
    """What was measured, by the decree's norm."""
    return Decree.UNKNOWN if measured is None else decree_of(measured.width, measured.height, measured.fps_milli)


def decree_of(width: int, height: int, fps_milli: int) -> Decree:
    """By size and rate; a camera mounted upright may have its sides exchanged."""
    sides = (max(width, height), min(width, height))
    rate_milli = fps_milli + _RATE_TOLERANCE_MILLI
    for verdict, norm, norm_milli in (
        (Decree.NARROW, NARROW_SIDES, NARROW_FPS_MILLI),
        (Decree.WIDE, WIDE_SIDES, WIDE_FPS_MILLI),
    ):
        if sides[0] >= norm[0] and sides[1] >= norm[1] and rate_milli >= norm_milli:
            return verdict
    return Decree.BELOW


def findings(measured: Measured | None, cause: Cause | None, sessions: Sessions) -> tuple[Finding, ...]:
    """What is to be said of a camera, what matters most first."""
    return by_weight([*_of_session(cause, sessions), *(_of_video(measured) if measured is not None else ())])


def of_device(examined: Examined, measured: Measured | None) -> tuple[Finding, ...]:
    """What the camera says over ONVIF adds: its clock where the stream tells none, a larger picture, the login."""
    return by_weight(list(_of_device(examined, measured)))


def by_weight(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """What matters most first."""
    return tuple(sorted(found, key=lambda finding: list(Level).index(finding.level)))


def level(found: tuple[Finding, ...]) -> Level | None:
    """The worst of the findings that ask for something; None when all is well."""
    return next((finding.level for finding in found if finding.level is not Level.NOTE), None)


def _of_session(cause: Cause | None, sessions: Sessions) -> Iterator[Finding]:
    if cause is not None and sessions.recorded and not sessions.recording_lost:
        # A device, or a port: no setting of a camera gives it twice.
        id_ = "test-in-use" if cause is Cause.IN_USE else "test-one-session"
        yield Finding(Level.WARNING, id_, {"cause": cause.value})
    elif cause is not None:
        yield Finding(Level.FAILED, f"cause-{cause.value}", {})
    if sessions.recording_lost:
        yield Finding(Level.WARNING, "test-recording-lost", {})


def _of_video(measured: Measured) -> Iterator[Finding]:
    shown: dict[str, Json] = {
        "width": measured.width,
        "height": measured.height,
        "fps": f"{measured.fps_milli / 1000:.1f}",
    }
    match decree(measured):
        case Decree.BELOW:
            yield Finding(Level.FAILED, "test-decree-below", shown)
        case Decree.WIDE:
            yield Finding(Level.WARNING, "test-decree-wide", shown)
        case _:
            pass
    if measured.lost is None:
        yield Finding(Level.NOTE, "test-lost-unknown", {})
    elif measured.lost:
        yield Finding(Level.WARNING, "test-packets-lost", {"lost": measured.lost, "frames": measured.frames})
    if measured.key_interval_ms is None:
        yield Finding(Level.WARNING, "test-keys-none", {"seconds": measured.media_ms // 1000})
    elif measured.key_interval_ms > MOST_KEY_INTERVAL_MS:
        yield Finding(Level.WARNING, "test-keys-rare", {"seconds": f"{measured.key_interval_ms / 1000:.1f}"})
    if measured.clock_offset_us is not None and abs(measured.clock_offset_us) > MOST_CLOCK_OFFSET_US:
        yield Finding(Level.WARNING, "test-clock-off", {"seconds": f"{measured.clock_offset_us / US_PER_SECOND:+.1f}"})
    if measured.sound is None:
        yield Finding(Level.NOTE, "test-sound-unknown", {})
    elif measured.sound:
        yield Finding(Level.NOTE, "test-sound", {})


def _of_device(examined: Examined, measured: Measured | None) -> Iterator[Finding]:
    if examined.cause is Cause.UNAUTHORIZED:
        yield Finding(Level.NOTE, "test-onvif-unauthorized", {})
    if measured is None or measured.clock_offset_us is None:
        offset_us = examined.clock_offset_us
        if offset_us is None:
            if measured is not None:
                yield Finding(Level.NOTE, "test-clock-unknown", {})
        elif abs(offset_us) > MOST_TOLD_OFFSET_US:
            yield Finding(Level.WARNING, "test-clock-off", {"seconds": f"{offset_us / US_PER_SECOND:+.0f}"})
    largest = examined.largest
    if measured is not None and largest is not None and largest.pixels > _MARGIN * measured.width * measured.height:
        fields: dict[str, Json] = {"width": measured.width, "height": measured.height, "coding": largest.coding}
        fields |= {"most_width": largest.width, "most_height": largest.height}
        yield Finding(Level.WARNING, "test-onvif-larger", fields)
