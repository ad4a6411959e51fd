"""What answers of roles come down to on a screen of 80 columns; `--json` has them whole. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.app.told_faults import ToldFault
from nvr.app.words import DAY_SUFFIX, INSTANT_SUFFIX, heading, word

_MBIT: Final = 1_000_000
_GIB: Final = 1 << 30
_AT_RISK: Final = "minimum-at-risk"
_DAMAGED: Final = "segments-damaged"
_OF_ROLES: Final = ("keeper-fault", "recorder-fault")
"""Alarms whose detail is a fault that a role tells."""


def camera_rows(cameras: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a camera: where it stands, what it does and since when, what is kept."""
    rows = []
    asked = any((camera.get("state") or {}).get("dome") for camera in cameras)
    decided = any(map(_decided, cameras))
    for camera in cameras:
        state = camera.get("state") or {}
        dome = state.get("dome") or {}
        rows.append(
            {
                "camera": camera["camera"],
                "kind": None if camera.get("kind") == "fixed" else camera.get("kind"),
                "point": camera.get("point"),
                "state": word("retired") if camera.get("retired") else _state(state),
                **({"dome": _dome(dome)} if asked else {}),
                "since_utc_us": state.get("since_utc_us"),
                "until_utc_us": state.get("next_attempt_utc_us") if state.get("state") == "commissioning" else None,
                **({"without_order_until_day_utc_us": _decided(camera)} if decided else {}),
                "Mbit_per_s": _mbit(state.get("bitrate_bps")),
                "kept_since_day_utc_us": camera.get("oldest_utc_us"),
            }
        )
    return rows


def _decided(camera: Mapping[str, Any]) -> int | None:
    """Until when somebody decided that it is recorded without an order, where there still is none."""
    return None if camera.get("authorisation") else camera.get("uncovered_until_utc_us")


def requisition_rows(requisitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a requisition: how far it is, what it asks for, until when that is kept; `show` has the rest."""
    shown = ("requisition", "state", "requester", "cameras", "from_utc_us", "to_utc_us")
    return [
        _columns(each, *shown)
        | {"hold_until_day_utc_us": None if each["hold_ended"] else each["hold_until_utc_us"]}
        | _counted(each)
        for each in requisitions
    ]


def hold_rows(holds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a hold, with whatever says why and until when, what it keeps, once and twice, and what is lost."""
    why = ("hold", "requisition", "requisition_state", "asked_by", "placed_by", "placed_day_utc_us")
    what = ("cameras", "from_utc_us", "to_utc_us", "until_utc_us", "provisional", "ended")
    return [
        _columns(each, *why, *what)
        | {"kept_GiB": _gib(each["kept_bytes"]), "copies": copies_text(each["copies"]), "lost": _lost(each)}
        | _counted(each)
        for each in holds
    ]


def _counted(each: Mapping[str, Any]) -> dict[str, Any]:
    return {"countdown": each.get("countdown")}


def _lost(hold: Mapping[str, Any]) -> list[str] | str | None:
    """What is lost of what the hold covers; nobody knows while the index is away."""
    if hold["lost"] is None:
        return say("unknown-to-us")
    return [say("hold-lost", **one) for one in hold["lost"]] or None


def _gib(size: int | None) -> str:
    return say("unknown-to-us") if size is None else show_number(size / _GIB, LANGUAGE, 1)


def copies_text(kept: Mapping[str, Any] | None) -> str | None:
    """How much of held footage is there once and twice."""
    if not kept:
        return None
    counts = {name: kept[name]["segments"] for name in ("once", "twice")}
    sizes = {f"{name}_gib": show_number(kept[name]["bytes"] / _GIB, LANGUAGE, 1) for name in ("once", "twice")}
    return say("copies", **counts, **sizes)


def copies_row(copies: Mapping[str, Any]) -> dict[str, Any]:
    """How second copies stand, and how long there is room for more."""
    left = copies.get("left_bytes")
    return {
        "copies": copies_text(copies),
        "why": say(f"copies-{copies['stopped']}") if copies.get("stopped") else None,
        "room_GiB": None if left is None else show_number(left / _GIB, LANGUAGE, 1),
        "used_up_day_utc_us": copies.get("used_up_utc_us"),
    }


def account_rows(accounts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row an account: who it is, and what it may do until when."""
    shown = ("account", "roles", "person", "service", "ends_day_utc_us", "disabled")
    return [_columns(each, *shown) for each in accounts]


def retention_rows(cameras: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a camera: the order and its days, what a camera's own setting or the minimum makes of them."""
    order = ("order", "order_ends_day_utc_us", "days")
    kept = ("camera_days", "minimum_days", "oldest_day_utc_us", "achieved_days")
    return [_columns(each, "camera", *order, *kept) for each in cameras]


def order_rows(orders: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row an order: its days, from when to when, what it covers, for how many cameras it decides now."""
    return [
        {
            "authorisation": each["number"],
            "state": each["state"],
            **_columns(each, "from_day_utc_us", "to_day_utc_us"),
            "days": each["retention_days"],
            "minimum_days": each["minimum_days"],
            "covers": word("all") if each["cameras"] is None else len(each["cameras"]),
            "decides_for": len(each["decides_for"]),
        }
        for each in orders
    ]


def decision_rows(decisions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a decision without an order: who, when, why, until when, for which cameras."""
    shown = ("decided_by", "decided_day_utc_us", "until_day_utc_us", "reason", "cameras")
    return [_columns(each, *shown) for each in decisions]


def effect_rows(effects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a camera: its days before and after, and what there is of it that would be destroyed at once."""
    return [
        {
            "camera": each["camera"],
            "days_before": each["days_before"],
            "days": each["days"],
            "destroyed_segments": each["segments"],
            "GiB": show_number(each["file_bytes"] / _GIB, LANGUAGE, 1),
            **_columns(each, "from_utc_us", "to_utc_us"),
        }
        for each in effects
    ]


def forecast_rows(volumes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a disk: its room, what a day brings, what is due within a week, and when it runs short."""
    return [
        {
            "volume": each["volume"],
            "free_GiB": each["free_bytes"] // _GIB,
            "daily_GiB": each["daily_bytes"] // _GIB,
            "due_7_days_GiB": each["due_bytes"] // _GIB,
            **_columns(each, "pressure_day_utc_us", "full_day_utc_us"),
        }
        for each in volumes
    ]


def statement_rows(cameras: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each camera and reason; what was left of the camera stands in the first of them."""
    rows = []
    for camera in cameras:
        left = {"held": camera["held"], "waiting": camera["waiting"]}
        for number, one in enumerate(camera["destroyed"] or [{}]):
            rows.append(
                {
                    "camera": camera["camera"],
                    "reason": word(one["reason"]) if one.get("reason") else None,
                    "from_utc_us": one.get("from_utc_us"),
                    "to_utc_us": one.get("to_utc_us"),
                    "segments": one.get("segments"),
                    "GiB": None if not one else show_number(one["bytes"] / _GIB, LANGUAGE, 1),
                    "lost": one.get("lost"),
                    **(left if number == 0 else dict.fromkeys(left)),
                }
            )
    return rows


def _columns(each: Mapping[str, Any], *columns: str) -> dict[str, Any]:
    """These values of an answer, in this order; of an instant the day alone where the column says so."""
    return {column: each[_key(column)] for column in columns}


def _key(column: str) -> str:
    day = column.endswith(DAY_SUFFIX)
    return column.removesuffix(DAY_SUFFIX) + INSTANT_SUFFIX if day else column


def causes_of(cameras: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The cameras that are not recorded, or show nothing useful, by cause; a text of the cause says what to do."""
    found: dict[str, list[str]] = {}
    for camera in cameras:
        state = camera.get("state") or {}
        state = state if isinstance(state, Mapping) else camera
        causes = [state["cause"]] if state.get("cause") else []
        for cause in [] if camera.get("retired") else [*causes, *map("picture-{}".format, _picture(state))]:
            found.setdefault(str(cause), []).append(str(camera["camera"]))
    return found


def status_of(role: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The lines on one role: counts, and whatever is not as it should be."""
    if role.startswith("recorder"):
        return _recorder(answer)
    if role == "keeper":
        return _keeper(answer)
    if role == "watch":
        return _watch(answer)
    lines = {key: value for key, value in answer.items() if key not in ("utc_us", "ledger_size")}
    return {key: len(value) if isinstance(value, list) else value for key, value in lines.items() if value != []}


def _recorder(answer: Mapping[str, Any]) -> dict[str, Any]:
    cameras = answer["state"]["cameras"]
    recording = [camera for camera in cameras if camera["state"] == "recording"]
    well = [camera for camera in recording if not _picture(camera)]
    lines: dict[str, Any] = {"recording": f"{len(recording)} / {len(cameras)}"}
    lines |= {camera["camera"]: _state(camera) for camera in cameras if camera not in well}
    lines["lost_packets"] = sum(camera["lost"] for camera in cameras)
    lines |= {f"{heading('volume')} {each['path']}": each["reason"] for each in answer["volumes"] if each["reason"]}
    if answer.get("keyring_degraded"):
        lines["keyring"] = say("status-keyring-degraded")
    known = {"state", "volumes", "keyring_degraded", "faults"}
    others = {key: value for key, value in answer.items() if key not in known and value}
    told = {each["path"] for each in answer["volumes"] if each["reason"]}
    faults = [
        f"{each['id']} {each['where']}: {_fault(each.get('why', each['what']))}"
        for each in answer["faults"]
        if each["where"] not in told
    ]
    return lines | others | ({"faults": faults} if faults else {})


def _keeper(answer: Mapping[str, Any]) -> dict[str, Any]:
    checkpoint = str(answer.get("checkpoint") or "").splitlines()
    lines: dict[str, Any] = {
        "ledger": answer.get("ledger_size"),
        "index": answer.get("index_size"),
        "checkpoint": checkpoint[1] if len(checkpoint) > 1 else None,
    }
    last = answer.get("last_pass") or {}
    if last.get("paused"):
        lines["retention"] = say("status-retention-paused")
    halts = last.get("halts") or ()
    lines |= {f"{heading('retention')} {halt['about']}": say(halt["id"], **halt["fields"]) for halt in halts}
    if answer.get("at_risk_utc_us") is not None:
        lines[heading("forecast")] = say(_AT_RISK, at_utc_us=answer["at_risk_utc_us"])
    if answer.get("damaged"):
        lines[heading("damaged")] = say(_DAMAGED, count=answer["damaged"], held=answer["damaged_held"])
    if answer.get("copies"):
        lines |= {key: value for key, value in copies_row(answer["copies"]).items() if value is not None}
    faults = {name: _fault(why) for name, why in (answer.get("faults") or {}).items() if name != _DAMAGED}
    known = {
        "ledger_size",
        "index_size",
        "checkpoint",
        "last_pass",
        "last_pass_utc_us",
        "spools",
        "volumes",
        "forecast",
        "at_risk_utc_us",
        "compared_utc_us",
        "check",
        "copies",
        "scrub",
        "damaged",
        "damaged_held",
        "faults",
    }
    others = {key: value for key, value in answer.items() if key not in known and value}
    return lines | others | ({"faults": faults} if faults else {})


def _fault(told: object) -> str:
    return ToldFault.of(told).said(LANGUAGE, str)


def alarm_rows(alarms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row an alarm: how bad, what, of what, since when."""
    return [
        {
            "severity": say(f"severity-{each['severity']}"),
            "alarm": say(f"alarm-{each['id']}").partition("\n")[0],
            "subject": each["subject"] or None,
            "since_utc_us": each["since_utc_us"],
            "detail": _detail(each),
        }
        for each in alarms
    ]


def _detail(alarm: Mapping[str, Any]) -> str | None:
    detail: str | None = alarm["detail"]
    if alarm["id"] not in _OF_ROLES or detail is None:
        return detail
    return ToldFault.unpacked(detail).said(LANGUAGE, str)


def _watch(answer: Mapping[str, Any]) -> dict[str, Any]:
    lines: dict[str, Any] = {"looked_utc_us": answer.get("looked_utc_us")}
    for row in alarm_rows(answer.get("alarms", ())):
        subject = ", ".join(filter(None, (row["alarm"], row["subject"])))
        lines[subject] = row["severity"]
    failing = [each for each in answer.get("channels", ()) if each["cause"] is not None]
    lines |= {each["channel"]: say(f"send-{each['cause']}").partition("\n")[0] for each in failing}
    if not answer.get("channels"):
        lines["alarm"] = say("alarm-no-channel").partition("\n")[0]
    return lines


def _dome(dome: Mapping[str, Any]) -> str | None:
    """What a dome does, never where it looks."""
    return word("at preset" if dome["state"] == "preset" else str(dome["state"])) if dome else None


def _state(state: Mapping[str, Any]) -> str | None:
    if not state:
        return None
    causes = [state["cause"]] if state.get("cause") else []
    shown = word(str(state["state"]))
    told = ", ".join([*causes, *map(word, _picture(state))])
    return f"{shown} ({told})" if told else shown


def _picture(state: Mapping[str, Any]) -> Sequence[str]:
    """What is wrong with the camera's picture."""
    return (state.get("health") or {}).get("faults") or ()


def _mbit(bitrate_bps: int | None) -> str | None:
    return None if bitrate_bps is None else show_number(bitrate_bps / _MBIT, LANGUAGE, 1)
