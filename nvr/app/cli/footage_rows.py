"""What `footage.at` answers, on a screen; `--json` has it whole. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from nvr.app.cli.times import show_instant
from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.app.words import word

_MOST_MISSING: Final = 6


def footage_rows(cameras: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> list[dict[str, Any]]:
    """One row a camera: where it stood and looked, what there is, what not and why, when the first of it goes."""
    return [
        {
            "camera": each["camera"],
            "kind": each["kind"],
            "where": [_where(one, zone) for one in each["placements"]] or [word("no camera there")],
            "presets": list(_presets(each["looked"], zone)) or None,
            "there": _there(each["coverage"]),
            "not_there": None if each["coverage"] is None else list(_missing(each["coverage"], zone)) or None,
            "countdown": each["countdown"],
        }
        for each in cameras
    ]


def overlap_lines(answer: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """Who asked for the same before, who stands at the place at another time, and names that are like it."""
    if answer.get("duplicate_of"):
        yield say("duplicate-of", requisition=answer["duplicate_of"])
    for one in answer.get("overlaps") or ():
        name = one["requisition"] or one["hold"]
        kind = "held" if name is None else "hold" if one["requisition"] is None else "requisition"
        fields = {**one, "cameras": ", ".join(one["cameras"]), "state": word(one["state"] or "-")}
        fields |= {"begin": show_instant(one["from_utc_us"], zone), "end": show_instant(one["to_utc_us"], zone)}
        yield say(f"overlap-{kind}" if one["keeps"] else "overlap-without-hold", **fields)
    more = (answer.get("overlaps_in_all") or 0) - len(answer.get("overlaps") or ())
    if more:
        yield say("overlaps-more", count=more)
    for one in answer.get("elsewhen") or ():
        shown = {key: _end(one[f"{key}_utc_us"], zone) for key in ("from", "to")}
        text = f"elsewhen-{one['when']}"
        yield say(text, camera=one["camera"], point=one["number"], begin=shown["from"], end=shown["to"])
    if answer.get("suggestions"):
        names = ", ".join(f"{one['text']} ({one['likeness_percent']} %)" for one in answer["suggestions"])
        yield say("place-like", place=answer["place"], names=names)


def _end(utc_us: int | None, zone: ZoneInfo) -> str:
    return "-" if utc_us is None else show_instant(utc_us, zone)


def _where(placement: Mapping[str, Any], zone: ZoneInfo) -> str:
    parts = [placement["number"], placement["address"], placement["district"], placement["view"]]
    text = say(
        "stood-at",
        point=", ".join(part for part in parts if part),
        begin=show_instant(placement["from_utc_us"], zone),
        end=_end(placement["to_utc_us"], zone),
    )
    streets = ", ".join(placement["matched"] or ())
    late = [say("entered-late")] if placement["entered_late"] else []
    return " ; ".join([text, *([streets] if streets else []), *late])


def _presets(looked: Mapping[str, Any] | None, zone: ZoneInfo) -> Iterator[str]:
    """Where a dome is to stand, and when it was elsewhere; where it looked is sealed."""
    if looked is None:
        return
    if looked["positions"] != "sealed":
        yield say("dome-not-asked")
        return
    yield say("dome-sealed", presets=", ".join(looked["expected"]) or "-")
    for move in (looked["moves"] or ())[:_MOST_MISSING]:
        begin, end = show_instant(move["from_utc_us"], zone), _end(move["to_utc_us"], zone)
        yield say("dome-moved", begin=begin, end=end, moves=move["moves"])
    if (more := len(looked["moves"] or ()) - _MOST_MISSING) > 0:
        yield say("parts-more", count=more)


def _there(coverage: Mapping[str, Any] | None) -> str | None:
    """How much of the past part there is."""
    if coverage is None:
        return say("unknown-to-us")
    if coverage["recorded_permille"] is None:
        return word("to come")
    minutes = coverage["totals_us"].get("recorded", 0) / 60_000_000
    share = show_number(coverage["recorded_permille"] / 10, LANGUAGE, 1)
    return say("there", percent=share, minutes=show_number(minutes, LANGUAGE, 1))


def _missing(coverage: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    parts = [part for part in coverage["parts"] if part["fate"] != "recorded"]
    for part in parts[:_MOST_MISSING]:
        cause = word(part["cause"]) if part["cause"] else None
        since = show_instant(part["since_utc_us"], zone) if part["since_utc_us"] else None
        why = ", ".join(each for each in (cause, since) if each)
        span = f"{show_instant(part['from_utc_us'], zone)} - {show_instant(part['to_utc_us'], zone)}"
        yield f"{span}: {word(part['fate'])}" + (f" ({why})" if why else "")
    told = sum(part["fate"] == "recorded" for part in coverage["parts"]) + min(len(parts), _MOST_MISSING)
    if coverage["parts_in_all"] > told:
        yield say("parts-more", count=coverage["parts_in_all"] - told)
