"""A countdown in words: `destroyed in 2 days 4 h, on 2026-11-26 at 00:00 (local time, UTC+01:00)`. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from nvr.app.messages import LANGUAGE, lines
from nvr.base.catalogue import Language
from nvr.base.units import US_PER_DAY, US_PER_SECOND

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US: Final = 3600 * US_PER_SECOND
_MINUTE_US: Final = 60 * US_PER_SECOND
_FORMATS: Final[Mapping[Language, str]] = {"fr": "%d/%m/%Y à %H:%M", "en": "%Y-%m-%d at %H:%M"}


def countdown_words(countdown: Mapping[str, Any], zone: ZoneInfo, language: Language = LANGUAGE) -> str:
    """What `access.footage.countdown.Countdown` says, for a person."""
    fields = {
        "remaining": _length(countdown["remaining_us"], language),
        "at": _local(countdown["destroyed_utc_us"], zone, language),
        "early": _local(countdown["early_utc_us"], zone, language),
        "camera": countdown["camera"],
    }
    return " ; ".join(lines(language, f"countdown-{part}", **fields)[0] for part in _parts(countdown))


def _parts(countdown: Mapping[str, Any]) -> list[str]:
    """The ids of the texts, without what all have."""
    found = ["to-come"] if countdown["to_come"] else []
    match countdown["state"], countdown["held"]:
        case "over", _:
            return [*found, "over"]
        case "held", held:
            return [*found, "held-rest" if held == "part" else "held"]
        case "partly over", _:
            found.append("partly-over")
        case _:
            found.append("latest" if countdown["early_utc_us"] is not None else "counting")
    if countdown["held_until_utc_us"] is not None:
        found.append("held-until")
    elif countdown["held"] == "part":
        found.append("held-part")
    if countdown["early_utc_us"] is not None:
        found.append("early")
    return found


def _length(remaining_us: int | None, language: Language) -> str:
    """Cut, never rounded up: days and hours, hours and minutes, or minutes."""
    if remaining_us is None:
        return "-"
    days, rest = divmod(remaining_us, US_PER_DAY)
    hours, rest = divmod(rest, _HOUR_US)
    minutes = rest // _MINUTE_US
    name = "days" if days else "hours" if hours else "minutes" if minutes else "moment"
    return lines(language, f"length-{name}", days=days, hours=hours, minutes=minutes)[0]


def _local(utc_us: int | None, zone: ZoneInfo, language: Language) -> str:
    """Local time with its offset, which tells the two 02:30 of the October night apart."""
    if utc_us is None:
        return "-"
    local = (_EPOCH + timedelta(microseconds=utc_us)).astimezone(zone)
    offset = local.isoformat()[-6:]
    return lines(language, "local-time", when=local.strftime(_FORMATS[language]), offset=offset)[0]
