"""The status page as HTML: pure, from a view to a string. What is wrong stands first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Final

from access.http.style import STYLE
from access.http.texts import STATUS, cause_text, picture_text
from access.http.view import Alarm, CameraState, CameraView, DomeView, LedgerView, StatusView, VolumeView
from nvr.base.catalogue import Language
from nvr.base.units import US_PER_SECOND, UtcUs

REFRESH_SECONDS: Final = 15

_DECIMAL: Final[Mapping[Language, str]] = {"fr": ",", "en": "."}
_BINARY_UNITS: Final[Mapping[Language, tuple[str, ...]]] = {
    "fr": ("o", "Kio", "Mio", "Gio", "Tio", "Pio"),
    "en": ("B", "KiB", "MiB", "GiB", "TiB", "PiB"),
}
_KIB: Final = 1024
_BITS_PER_MBIT: Final = 1_000_000
_MINUTE_SECONDS: Final = 60


def render_status(view: StatusView, language: Language, zone: tzinfo) -> str:
    """The page; times are local with their offset from UTC."""
    return _Page(view, language, zone).html()


def render_message(text: str, language: Language) -> str:
    """A page that says one thing: not found, no answer. `text` is an id."""
    title = escape(STATUS.text(language, "title"))
    return _document(title, language, f'<h1>{title}</h1><p class="bad">{escape(STATUS.text(language, text))}</p>')


@dataclass(frozen=True, slots=True)
class _Page:
    view: StatusView
    language: Language
    zone: tzinfo

    @property
    def _colon(self) -> str:
        # French typography: a no-break space before the colon.
        return "\u00a0: " if self.language == "fr" else ": "

    def html(self) -> str:
        parts = [self._head(), *self._troubles(), *self._cameras(), *self._volumes(), *self._ledger(), self._foot()]
        return _document(f"{self._text('title')} · {escape(self.view.town)}", self.language, "".join(parts))

    def _head(self) -> str:
        other = "en" if self.language == "fr" else "fr"
        name = self._text("other-language")
        as_of = self._words("as-of", self._time(self.view.now_utc_us, whole=True))
        return (
            f"<header><h1>{self._text('title')}</h1>"
            f'<a class="soft" href="?lang={other}" hreflang="{other}">{name}</a></header>'
            f'<p class="soft">{escape(self.view.town)} · {as_of}</p>'
        )

    def _troubles(self) -> Iterator[str]:
        troubles = [
            *map(self._alarm, self.view.alarms),
            *([self._ledger_trouble(self.view.ledger)] if self.view.ledger.wrong else []),
            *(self._volume_trouble(volume) for volume in self.view.volumes if volume.wrong),
            *(self._camera_trouble(camera) for camera in self.view.cameras if camera.wrong),
        ]
        if not troubles:
            yield f'<p class="good">{self._text("all-good")}</p>'
            return
        items = "".join(f"<li>{trouble}</li>" for trouble in troubles)
        head = f"<h2>{self._text('to-look-at')} ({len(troubles)})</h2>"
        yield f'<section class="bad">{head}<ul>{items}</ul></section>'

    def _alarm(self, alarm: Alarm) -> str:
        value = alarm.values.get(self.language, alarm.value or "")
        text = self._words(alarm.id, escape(value)) if STATUS.has(self.language, alarm.id) else escape(alarm.id)
        return f"{text}{self._since(alarm.since_utc_us)}"

    def _camera_trouble(self, camera: CameraView) -> str:
        place = f" ({escape(camera.place)})" if camera.place else ""
        trouble = f"{self._state(camera)}{self._since(_wrong_since(camera))}"
        return f"<strong>{escape(camera.camera)}</strong>{place}{self._colon}{trouble}"

    def _volume_trouble(self, volume: VolumeView) -> str:
        trouble = self._text("low" if volume.in_service else "out-of-service")
        return f"{self._text('volume')} <strong>{escape(volume.name)}</strong>{self._colon}{trouble}"

    def _ledger_trouble(self, ledger: LedgerView) -> str:
        state = "ledger-unsigned" if ledger.answers else "ledger-silent"
        return f"{self._text('ledger')}{self._colon}{self._text(state)}"

    def _cameras(self) -> Iterator[str]:
        yield f"<h2>{self._text('cameras')} ({len(self.view.cameras)})</h2>"
        if not self.view.cameras:
            yield f'<p class="soft">{self._text("no-cameras")}</p>'
            return
        rows = [
            self._camera(camera) for camera in sorted(self.view.cameras, key=lambda one: (not one.wrong, one.camera))
        ]
        counters = ("losses", "dropped", "reconnects")
        yield self._table(("camera", "state", "last", "bitrate", *counters, "gaps"), rows)

    def _camera(self, camera: CameraView) -> str:
        place = f"<small>{escape(camera.place)}</small>" if camera.place else ""
        mark = "wrong" if camera.wrong else "ok"
        tells_since = camera.wrong or camera.state is CameraState.ABSENT
        since = f"<small>{self._since(_wrong_since(camera)).strip(' ,')}</small>" if tells_since else ""
        dome = "" if camera.dome is None else f"<small>{self._dome(camera.dome)}</small>"
        return (
            f'<tr><th scope="row">{escape(camera.camera)}{place}</th>'
            + self._cell("state", f'<span><span class="{mark}">{self._state(camera)}</span>{since}{dome}</span>')
            + self._cell("last", self._time(camera.last_record_utc_us), number=True)
            + self._cell("bitrate", self._bitrate(camera.bitrate_bps), number=True)
            + self._cell("losses", _count(camera.lost), number=True)
            + self._cell("dropped", _count(camera.dropped), number=True)
            + self._cell("reconnects", _count(camera.reconnects), number=True)
            + self._cell("gaps", self._gaps(camera), number=True)
            + "</tr>"
        )

    def _volumes(self) -> Iterator[str]:
        yield f"<h2>{self._text('volumes')}</h2>"
        yield self._table(("volume", "state", "free", "held"), [self._volume(volume) for volume in self.view.volumes])

    def _volume(self, volume: VolumeView) -> str:
        well = "for-copies" if volume.evidence else "in-service"
        state = "out-of-service" if not volume.in_service else "low" if volume.low else well
        mark = "wrong" if volume.wrong else "ok"
        days = self.view.held_days(volume)
        free = "–"
        if volume.free_bytes is not None and volume.total_bytes is not None:
            free = f"{self._size(volume.free_bytes)} / {self._size(volume.total_bytes)}"
        held = self._words("days", str(days)) if days is not None else "–"
        return (
            f'<tr><th scope="row">{escape(volume.name)}</th>'
            + self._cell("state", f'<span class="{mark}">{self._text(state)}</span>')
            + self._cell("free", free, number=True)
            + self._cell("held", held, number=True)
            + "</tr>"
        )

    def _ledger(self) -> Iterator[str]:
        ledger = self.view.ledger
        signed = self._text("never")
        if ledger.checkpoint_size is not None:
            signed = f"{self._time(ledger.checkpoint_utc_us)} ({self._entries(ledger.checkpoint_size)})"
        state = self._ledger_trouble(ledger) if ledger.wrong else self._text("in-service")
        mark = "wrong" if ledger.wrong else "ok"
        row = (
            f'<tr><th scope="row"><span class="{mark}">{state}</span></th>'
            + self._cell("entries", str(ledger.size), number=True)
            + self._cell("checkpoint", signed, number=True)
            + "</tr>"
        )
        yield f"<h2>{self._text('ledger')}</h2>"
        yield self._table(("state", "entries", "checkpoint"), [row])

    def _entries(self, size: int) -> str:
        return escape(STATUS.plural(self.language, "at-size", size))

    def _foot(self) -> str:
        return f'<footer class="soft">{self._text("no-pictures")}</footer>'

    def _table(self, columns: tuple[str, ...], rows: list[str]) -> str:
        heads = "".join(f'<th scope="col">{self._text(column)}</th>' for column in columns)
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    def _cell(self, label: str, content: str, *, number: bool = False) -> str:
        kind = ' class="number"' if number else ""
        return f'<td{kind} data-label="{self._text(label)}"><span>{content}</span></td>'

    def _state(self, camera: CameraView) -> str:
        parts = [self._words(camera.state.value, self._time(camera.until_utc_us))]
        if camera.cause is not None and camera.state is not CameraState.RECORDING:
            parts.append(escape(cause_text(camera.cause, self.language)))
        parts += [escape(picture_text(fault, self.language)) for fault in camera.picture]
        return " – ".join(parts)

    def _dome(self, dome: DomeView) -> str:
        state = f"{self._text('dome')}{self._colon}{self._text(f'dome-{dome.state}')}"
        if dome.cause is None:
            return state
        if STATUS.has(self.language, f"dome-{dome.cause}"):
            return f"{state} – {self._text(f'dome-{dome.cause}')}"
        return f"{state} – {escape(cause_text(dome.cause, self.language))}"

    def _since(self, utc_us: int | None) -> str:
        return "" if utc_us is None else f", {self._words('since', self._time(utc_us))}"

    def _gaps(self, camera: CameraView) -> str:
        if not camera.gaps_today:
            return self._text("no-gaps")
        minutes, seconds = divmod(camera.gap_today_us // US_PER_SECOND, _MINUTE_SECONDS)
        return (
            f"{camera.gaps_today} ({minutes} min {seconds:02d} s)" if minutes else f"{camera.gaps_today} ({seconds} s)"
        )

    def _bitrate(self, bps: int | None) -> str:
        return "–" if bps is None else f"{self._decimal(bps, _BITS_PER_MBIT)} Mbit/s"

    def _size(self, size: int) -> str:
        unit = 0
        while size >= _KIB ** (unit + 1) and unit < len(_BINARY_UNITS[self.language]) - 1:
            unit += 1
        number = str(size) if unit == 0 else self._decimal(size, _KIB**unit)
        return f"{number} {_BINARY_UNITS[self.language][unit]}"

    def _decimal(self, value: int, unit: int) -> str:
        """With one decimal, in integers: rounded to the nearest tenth."""
        tenths = (value * 10 + unit // 2) // unit
        return f"{tenths // 10}{_DECIMAL[self.language]}{tenths % 10}"

    def _time(self, utc_us: int | None, *, whole: bool = False) -> str:
        """Local time with its offset; the date too, unless it is that of the page."""
        if utc_us is None:
            return self._text("unknown-time")
        when, now = self._local(utc_us), self._local(self.view.now_utc_us)
        day = f"{when:%d/%m/%Y} " if self.language == "fr" else f"{when:%Y-%m-%d} "
        iso = when.isoformat()
        shown = f"{day if whole or when.date() != now.date() else ''}{when:%H:%M:%S} {iso[-len('+00:00') :]}"
        return f'<time datetime="{iso}">{shown}</time>'

    def _local(self, utc_us: int) -> datetime:
        return datetime.fromtimestamp(utc_us // US_PER_SECOND, UTC).astimezone(self.zone)

    def _words(self, text: str, value: str) -> str:
        """A text with its value, which is HTML already."""
        return escape(STATUS.text(self.language, text, value="{value}")).replace("{value}", value)

    def _text(self, text: str) -> str:
        return escape(STATUS.text(self.language, text))


def _wrong_since(camera: CameraView) -> UtcUs | None:
    """Of a camera that records, what is wrong is its picture."""
    return camera.picture_since_utc_us if camera.state is CameraState.RECORDING else camera.since_utc_us


def _count(value: int | None) -> str:
    return "–" if value is None else str(value)


def _document(title: str, language: Language, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
