"""Holds that wait for somebody, and old ones, which are listed once a quarter. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from nvr.app.watch.found import Condition
from nvr.app.watch.kinds import Severity
from nvr.app.watch.observation import Observation
from nvr.app.watch.readings import OldHold
from nvr.base.units import US_PER_DAY, UtcUs

PROVISIONAL: Final = "hold-provisional"

RAN_OUT: Final = "ran-out"
"""A word of the detail."""

_LAST_US: Final = US_PER_DAY
"""So long before it runs out it is critical: what is lost then can not be had again."""


@dataclass(frozen=True, slots=True)
class OldKept:
    """An old hold that still keeps footage, or may come to. `kept_bytes` None: the index does not say."""

    hold: OldHold
    kept_bytes: int | None


def quarter_of(day: date) -> str:
    """The civil quarter, for example `2026-Q4`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def to_review(
    holds: tuple[OldHold, ...], kept_bytes: Mapping[str, int] | None, now_utc_us: UtcUs
) -> tuple[OldKept, ...]:
    """Those of the old holds that somebody should look at; by hold what each keeps, None where nobody can say."""
    found = (OldKept(hold, None if kept_bytes is None else kept_bytes.get(hold.hold, 0)) for hold in holds)
    return tuple(one for one in found if one.kept_bytes != 0 or one.hold.to_utc_us > now_utc_us)


def provisional_holds(seen: Observation) -> Iterator[Condition]:
    """Large holds that no validator has confirmed; one that ran out stays critical as long as access tells of it."""
    for hold in () if seen.access is None else seen.access.waiting:
        left_us = hold.until_utc_us - seen.now_utc_us
        shares = f"before={hold.before_permille} with={hold.with_permille} limit={hold.limit_permille}"
        yield Condition(
            PROVISIONAL,
            hold.hold if hold.requisition is None else f"{hold.requisition} {hold.hold}",
            hold.placed_utc_us,
            f"cameras={hold.cameras} {shares}" + ("" if left_us > 0 else f" {RAN_OUT}=1"),
            hold.until_utc_us if left_us > 0 else None,
            Severity.CRITICAL if left_us <= _LAST_US else None,
        )
