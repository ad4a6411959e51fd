"""The plan as a PDF of two pages for the council (docs/capacity.md, ADR 25)."""

import json
import tomllib
from collections.abc import Iterator, Mapping
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
from nvr.app.messages import Language

_PREFECTURE: Final = timedelta(days=122)
"""So long an authorisation takes (docs/design/alarms.md, `order-ends`)."""

_NOT_AUTHORISED: Final = (Status.STUDIED, Status.FUNDED)


def words_of(language: Language) -> Mapping[str, str]:
    """The report's texts by their keys."""
    text = resources.files("nvr.app.capacity").joinpath("words.toml").read_text(encoding="utf-8")
    words: Mapping[str, str] = tomllib.loads(text)[language]
    return words


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
        words, day = words_of(self.language), self.measured.day
        return {
            "language": self.language,
            "origin": self.origin,
            "day": {"year": day.year, "month": day.month, "day": day.day},
            "words": words,
            "subtitle": words["subtitle"].format(origin=self.origin, day=self._day(day)),
            "footer": words["footer"],
            "tiles": list(self._tiles(words)),
            "verdict": list(self._verdict(words)),
            "chart": chart_of(self.plan, self.language, words["chart"]),
            "stages": self._stages(words),
            "points": [f"{each.name} : {', '.join(each.points)}" for each in self.prices.phase if each.points],
            "costs": self._costs(words),
            "method": list(self._method(words)),
        }

    def _tiles(self, words: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        now, last = self.plan.stages[0], self.plan.stages[-1]
        grown = "" if last is now else f"→ {self._number(last.cameras)}"
        yield words["cameras"], self._number(now.cameras), grown
        kept = self._number(self.plan.kept_days)
        yield words["kept"], words["kept_of"].format(kept=kept, days=self.plan.days), ""
        full_on = self.plan.full_on
        if full_on is None:
            yield words["full"], "✓", words["full_never"]
        elif full_on <= self.measured.day:
            yield words["full"], "✗", words["full_now"]
        else:
            yield words["full"], self._day(full_on), words["full_until"]
        euros = self._number(last.running.a_year / last.cameras)
        yield words["a_year"], self._number(last.running.a_year), words["a_year_each"].format(euros=euros)

    def _verdict(self, words: Mapping[str, str]) -> Iterator[str]:
        buying = [each for each in self.plan.stages if each.disks_to_buy]
        if buying:
            yield words["verdict_buy"].format(
                days=self.plan.days,
                disks=", ".join(self._purchase(each, words) for each in buying),
                terabytes=f"{self.prices.disk.terabytes:g}",
            )
        else:
            yield words["verdict_well"]
        yield words["verdict_loss"].format(days=self.plan.kept_days_after_loss)
        if bays := self.plan.stages[-1].bays_missing:
            yield words["verdict_bays"].format(bays=bays)

        for stage in self.plan.stages[1:]:
            if stage.status in _NOT_AUTHORISED and stage.begins - self.measured.day < _PREFECTURE:
                yield words["verdict_unauthorised"].format(phase=stage.name, day=self._day(stage.begins))

    def _purchase(self, stage: Stage, words: Mapping[str, str]) -> str:
        if not stage.name:
            return words["verdict_buy_now"].format(disks=stage.disks_to_buy)
        day = self._day(stage.begins)
        return words["verdict_buy_then"].format(disks=stage.disks_to_buy, day=day, phase=stage.name)

    def _stages(self, words: Mapping[str, str]) -> dict[str, Any]:
        keys = ("phase", "status", "begins", "count", "disks_to_buy", "days_kept", "network", "power")
        rows = [
            [each.name, words[each.status], self._day(each.begins), self._number(each.cameras), "", "", "", ""]
            for each in self.plan.installed
        ]
        rows += [
            [
                each.name or words["today"],
                words[each.status],
                self._day(each.begins),
                self._number(each.cameras),
                self._number(each.disks_to_buy),
                self._number(each.days_kept),
                self._number(each.network_mbit),
                self._number(each.running.watts),
            ]
            for each in self.plan.stages
        ]
        return {"head": [words[key] for key in keys], "rows": rows}

    def _costs(self, words: Mapping[str, str]) -> dict[str, Any]:
        keys = ("phase", "bought", "subsidy", "left", "electricity", "maintenance", "renewal", "total", "each")
        return {
            "head": [words[key] for key in keys],
            "rows": [self._cost(each, words) for each in self.plan.stages],
        }

    def _cost(self, stage: Stage, words: Mapping[str, str]) -> list[str]:
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
        return [stage.name or words["today"], *map(self._number, euros)]

    def _method(self, words: Mapping[str, str]) -> Iterator[str]:
        mbit = self.plan.stages[0].network_mbit / self.plan.stages[0].cameras
        yield words["method_measured"].format(
            mbit=self._number(mbit, 1), margin=self._number(self.prices.margin_percent)
        )
        yield words["method_days"]
        yield words["method_spare"].format(spare=self.prices.disk.spare)
        yield words["method_held"].format(held=show_size(self.measured.held_bytes, self.language))
        yield words["method_network"].format(
            link=self._number(self.prices.network.link_mbit), percent=self._number(self.plan.stages[-1].network_percent)
        )
        prices = self.prices
        priced = {
            "camera": prices.camera.euros,
            "disk": prices.disk.euros,
            "switch": prices.network.switch_euros,
            "kwh": prices.running.euros_per_kwh,
        }
        missing = ", ".join(words[name] for name, euros in priced.items() if not euros)
        yield words["method_prices"].format(missing=missing) if missing else words["method_prices_all"]

    def _day(self, day: date) -> str:
        return show_day(day, self.language)

    def _number(self, value: float, digits: int = 0) -> str:
        return show_number(value, self.language, digits)
