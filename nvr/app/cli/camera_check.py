"""What `camera test` shows: a table of the measures, then what to do, camera by camera. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.base.units import US_PER_SECOND

_MS: Final = 1000
_TENTH: Final = 100
"""Thousandths: less is told to a hundredth. Of Motion JPEG every picture is a key."""
_MBIT: Final = 1_000_000
_US_PER_DECISECOND: Final = 100_000
_NONE: Final = "-"
_COLUMNS: Final = (
    "camera",
    "model",
    "firmware",
    "result",
    "codec",
    "size",
    "frames_per_s",
    "key_s",
    "Mbit_per_s",
    "sound",
    "clock_s",
    "decree_2007",
    "sessions",
)
_CODECS: Final = (("avc", "H.264"), ("hvc", "H.265"), ("hev", "H.265"), ("mp4v.6C", "MJPEG"))


def check_rows(checks: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """One row a camera."""
    return [dict(zip(_COLUMNS, _cells(check), strict=True)) for check in checks]


def check_lines(checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """What was found of each camera, in words, and what to do about it."""
    lines = []
    for check in checks:
        for finding in check["findings"]:
            text = say(finding["id"], **finding["fields"]).replace("\n", " ")
            lines.append(f"{check['camera']}: {text}")
    return lines


def has_failed(checks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one camera can not be recorded as it should."""
    return any(check["result"] == "failed" for check in checks)


def _cells(check: Mapping[str, Any]) -> tuple[str, ...]:
    measured, device = check["measured"] or {}, check["device"] or {}
    return (
        check["camera"],
        _model(device),
        device.get("firmware") or _NONE,
        say(f"test-result-{check['result']}"),
        _codec(measured.get("codec")),
        f"{measured['width']}x{measured['height']}" if measured else _NONE,
        _thousandth(measured.get("fps_milli")),
        _thousandth(measured.get("key_interval_ms")),
        show_number(measured["bitrate_bps"] / _MBIT, LANGUAGE, 1) if measured else _NONE,
        _sound(measured.get("sound")),
        _offset(measured.get("clock_offset_us"), device.get("clock_offset_us")),
        say(f"test-decree-is-{check['decree']}"),
        say(f"test-sessions-{_sessions(check)}"),
    )


def _sessions(check: Mapping[str, Any]) -> str:
    if check["recording_lost"]:
        return "lost"
    if not check["recorded"]:
        return "test" if check["measured"] else "none"
    return "both" if check["measured"] else "one"


def _codec(codec: str | None) -> str:
    if codec is None:
        return _NONE
    return next((name for mark, name in _CODECS if codec.startswith(mark)), codec)


def _thousandth(value: int | None) -> str:
    if value is None:
        return _NONE
    return show_number(value / _MS, LANGUAGE, 2) if value < _TENTH else show_number(value / _MS, LANGUAGE, 1)


def _sound(offered: bool | None) -> str:  # noqa: FBT001 -- as the answer has it
    if offered is None:
        return _NONE
    return say("test-sound-offered" if offered else "test-sound-none")


def _model(device: Mapping[str, Any]) -> str:
    """Make and model as the camera says, the make once: many write it into both."""
    make, model = device.get("make") or "", device.get("model") or ""
    return (model if model.lower().startswith(make.lower()) else f"{make} {model}").strip() or _NONE


def _offset(measured_us: int | None, told_us: int | None) -> str:
    """Seconds with their sign: to a tenth as measured in the stream, else whole as ONVIF tells them."""
    if measured_us is not None:
        tenths = round(measured_us / _US_PER_DECISECOND)
        return f"{tenths / 10:+.1f}" if tenths else "0.0"
    return _NONE if told_us is None else f"{round(told_us / US_PER_SECOND):+d}"
