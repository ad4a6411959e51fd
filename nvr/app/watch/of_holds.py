"""Holds that wait for somebody. Pure."""

from collections.abc import Iterator
from typing import Final

from nvr.app.watch.found import Condition
from nvr.app.watch.kinds import Severity
from nvr.app.watch.observation import Observation
from nvr.base.units import US_PER_DAY

PROVISIONAL: Final = "hold-provisional"

RAN_OUT: Final = "ran-out"
"""A word of the detail."""

_LAST_US: Final = US_PER_DAY
"""So long before it runs out it is critical: what is lost then can not be had again."""


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
