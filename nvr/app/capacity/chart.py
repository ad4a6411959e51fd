"""The chart of the report: room needed and room there is, month by month. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil, log10
from typing import Any, Final

from nvr.app.capacity.plan import Plan
from nvr.app.figures import show_number, unit_of
from nvr.base.catalogue import Language

_MOST_MONTHS_BY_QUARTER: Final = 40
_MOST_TICKS: Final = 9


def chart_of(plan: Plan, language: Language, title: Callable[[str], str]) -> dict[str, Any]:
    """Lines, ticks and marks, all between 0 and 1 in both directions; `title` makes the title with its unit."""
    return _Chart(plan, language, title).data()


@dataclass(frozen=True, slots=True)
class _Chart:
    """Points between 0 and 1 in both directions."""

    plan: Plan
    language: Language
    title: Callable[[str], str]

    def data(self) -> dict[str, Any]:
        months = self.plan.months
        top = max(max(each.need_bytes, each.room_bytes, each.room_today_bytes) for each in months) * 1.08 or 1
        unit_bytes, unit = unit_of(top, self.language)
        step = _step(top / unit_bytes)
        ticks = [number * step for number in range(1, int(top / unit_bytes / step) + 1)]
        digits = max(0, ceil(-log10(step)))
        return {
            "title": self.title(unit),
            "ticks": [
                {"at": each * unit_bytes / top, "label": show_number(each, self.language, digits)} for each in ticks
            ],
            "dates": [
                {"at": self._at(each.day), "label": f"{each.day:%m/%Y}"}
                for each in months
                if each.day.day == 1 and each.day.month in self._shown_months()
            ],
            "phases": [
                {"at": self._at(each.begins), "label": f"{each.name} ({each.added})", "row": number % 4}
                for number, each in enumerate(self.plan.stages[1:])
            ],
            "need": self._line([each.need_bytes / top for each in months]),
            "minimum": self._line([each.minimum_bytes / top for each in months]),
            "room": self._steps([each.room_bytes / top for each in months]),
            "room_today": self._line([each.room_today_bytes / top for each in months]),
        }

    def _shown_months(self) -> Sequence[int]:
        return (1, 4, 7, 10) if len(self.plan.months) <= _MOST_MONTHS_BY_QUARTER else (1,)

    def _at(self, day: date) -> float:
        first, last = self.plan.months[0].day, self.plan.months[-1].day
        return (day - first).days / max(1, (last - first).days)

    def _steps(self, values: Sequence[float]) -> list[tuple[float, float]]:
        """A value holds until the next: what is bought is there on its day."""
        line = self._line(values)
        corners = [((at, before), (at, value)) for (_, before), (at, value) in pairwise(line)]
        return [line[0], *(point for corner in corners for point in corner)]

    def _line(self, values: Sequence[float]) -> list[tuple[float, float]]:
        return [(self._at(each.day), value) for each, value in zip(self.plan.months, values, strict=True)]


def _step(top: float) -> float:
    """A round distance between lines, so that there are at most nine."""
    if top <= 0:
        return 1.0
    power = 10.0 ** (ceil(log10(top)) - 1)
    return next(power * each for each in (0.2, 0.5, 1.0, 2.0) if top / (power * each) <= _MOST_TICKS)
