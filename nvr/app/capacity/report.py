"""The plan as a PDF of two pages for the council (docs/capacity.md, ADR 25)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any, Final

import typst

from nvr.app.capacity.chart import chart_of
from nvr.app.capacity.measured import Measured
from nvr.app.capacity.plan import Plan
from nvr.app.capacity.prices import Prices, Status
from nvr.app.capacity.stages import Stage
from nvr.app.figures import show_day, show_number, show_size
from nvr.base.catalogue import Catalogue, Language

_PREFECTURE: Final = timedelta(days=122)
"""So long an authorisation takes (docs/design/alarms.md, `order-ends`)."""

_TEXTS: Final = Catalogue("nvr.app", "capacity")
_SET_BY_TYPST: Final = (
    "title",
    "need",
    "minimum",
    "room",
    "room_today",
    "chart_note",
    "stages",
    "costs",
    "method",
)
"""Texts that report.typ places as they are."""

_NOT_AUTHORISED: Final = (Status.STUDIED, Status.FUNDED)


def render(origin: str, measured: Measured, found: Plan, prices: Prices, language: Language) -> bytes:
    """PDF/A-2b, A4, two pages."""
    data = json.dumps(_Report(origin, measured, found, prices, language).data(), ensure_ascii=False)
    template = resources.files("nvr.app.capacity").joinpath("report.typ").read_bytes()
    pdf = typst.compile(
        template, format="pdf", sys_inputs={"data": data}, pdf_standards="a-2b", ignore_system_fonts=True
    )
    if not isinstance(pdf, bytes):
        raise TypeError("one document was asked for")
    return pdf


@dataclass(frozen=True, slots=True)
class _Report:
    origin: str
    measured: Measured
    plan: Plan
    prices: Prices
    language: Language

    def data(self) -> dict[str, Any]:
        day = self.measured.day
        return {
            "language": self.language,
            "origin": self.origin,
            "day": {"year": day.year, "month": day.month, "day": day.day},
            "words": {key: self._say(key) for key in _SET_BY_TYPST},
            "subtitle": self._say("subtitle", origin=self.origin, day=self._day(day)),
            "footer": self._say("footer"),
            "tiles": list(self._tiles()),
            "verdict": list(self._verdict()),
            "chart": chart_of(self.plan, self.language, lambda unit: self._say("chart", unit=unit)),
            "stages": self._stages(),
            "points": [f"{each.name} : {', '.join(each.points)}" for each in self.prices.phase if each.points],
            "costs": self._costs(),
            "method": list(self._method()),
        }

    def _tiles(self) -> Iterator[tuple[str, str, str]]:
        now, last = self.plan.stages[0], self.plan.stages[-1]
        grown = "" if last is now else f"→ {self._number(last.cameras)}"
        yield self._say("cameras"), self._number(now.cameras), grown
        kept = self._number(self.plan.kept_days)
        yield self._say("kept"), self._say("kept_of", kept=kept, days=self.plan.days), ""
        full_on = self.plan.full_on
        if full_on is None:
            yield self._say("full"), "✓", self._say("full_never")
        elif full_on <= self.measured.day:
            yield self._say("full"), "✗", self._say("full_now")
        else:
            yield self._say("full"), self._day(full_on), self._say("full_until")
        euros = self._number(last.running.a_year / last.cameras)
        yield self._say("a_year"), self._number(last.running.a_year), self._say("a_year_each", euros=euros)

    def _verdict(self) -> Iterator[str]:
        buying = [each for each in self.plan.stages if each.disks_to_buy]
        if buying:
            yield self._say(
                "verdict_buy",
                days=self.plan.days,
                disks=", ".join(self._purchase(each) for each in buying),
                terabytes=f"{self.prices.disk.terabytes:g}",
            )
        else:
            yield self._say("verdict_well")
        yield self._say("verdict_loss", days=self.plan.kept_days_after_loss)
        if bays := self.plan.stages[-1].bays_missing:
            yield self._say("verdict_bays", bays=bays)

        for stage in self.plan.stages[1:]:
            if stage.status in _NOT_AUTHORISED and stage.begins - self.measured.day < _PREFECTURE:
                yield self._say("verdict_unauthorised", phase=stage.name, day=self._day(stage.begins))

    def _purchase(self, stage: Stage) -> str:
        if not stage.name:
            return self._say("verdict_buy_now", disks=stage.disks_to_buy)
        day = self._day(stage.begins)
        return self._say("verdict_buy_then", disks=stage.disks_to_buy, day=day, phase=stage.name)

    def _stages(self) -> dict[str, Any]:
        keys = ("phase", "status", "begins", "count", "disks_to_buy", "days_kept", "network", "power")
        rows = [
            [each.name, self._say(each.status), self._day(each.begins), self._number(each.cameras), "", "", "", ""]
            for each in self.plan.installed
        ]
        rows += [
            [
                each.name or self._say("today"),
                self._say(each.status),
                self._day(each.begins),
                self._number(each.cameras),
                self._number(each.disks_to_buy),
                self._number(each.days_kept),
                self._number(each.network_mbit),
                self._number(each.running.watts),
            ]
            for each in self.plan.stages
        ]
        return {"head": [self._say(key) for key in keys], "rows": rows}

    def _costs(self) -> dict[str, Any]:
        keys = ("phase", "bought", "subsidy", "left", "electricity", "maintenance", "renewal", "total", "each")
        return {
            "head": [self._say(key) for key in keys],
            "rows": [self._cost(each) for each in self.plan.stages],
        }

    def _cost(self, stage: Stage) -> list[str]:
        running = stage.running
        euros = (
            stage.bought,
            stage.subsidy,
            stage.bought - stage.subsidy,
            running.electricity,
            running.maintenance,
            running.renewal,
            running.a_year,
            running.a_year / stage.cameras,
        )
        return [stage.name or self._say("today"), *map(self._number, euros)]

    def _method(self) -> Iterator[str]:
        mbit = self.plan.stages[0].network_mbit / self.plan.stages[0].cameras
        yield self._say("method_measured", mbit=self._number(mbit, 1), margin=self._number(self.prices.margin_percent))
        yield self._say("method_days")
        yield self._say("method_spare", spare=self.prices.disk.spare)
        yield self._say("method_held", held=show_size(self.measured.held_bytes, self.language))
        yield self._say(
            "method_network",
            link=self._number(self.prices.network.link_mbit),
            percent=self._number(self.plan.stages[-1].network_percent),
        )
        prices = self.prices
        priced = {
            "camera": prices.camera.euros,
            "disk": prices.disk.euros,
            "switch": prices.network.switch_euros,
            "kwh": prices.running.euros_per_kwh,
        }
        missing = ", ".join(self._say(name) for name, euros in priced.items() if not euros)
        yield self._say("method_prices", missing=missing) if missing else self._say("method_prices_all")

    def _say(self, text_id: str, **fields: object) -> str:
        return _TEXTS.text(self.language, text_id, **fields)

    def _day(self, day: date) -> str:
        return show_day(day, self.language)

    def _number(self, value: float, digits: int = 0) -> str:
        return show_number(value, self.language, digits)
