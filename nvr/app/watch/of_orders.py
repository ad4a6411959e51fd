"""By which right cameras are recorded, and until when. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nvr.app.watch.found import Condition
from nvr.app.watch.kinds import Severity
from nvr.app.watch.observation import Observation
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, UtcUs
from storage.index.rows import Order
from storage.retention import covered_until_utc_us

KIND: Final = "camera-unauthorised"
OF_ORDERS: Final = ("order-ends", KIND)
DECIDED: Final = "decided"
DECISION_OVER: Final = "decision-over"
"""Details of a camera without an order: somebody decided so, and until then, or not any more."""

_NOTICE_US: Final = 183 * US_PER_DAY
_WARNING_US: Final = 122 * US_PER_DAY
"""So long before its end an order is an alarm, and a worse one: a renewal takes the prefecture four months."""


def order_ends(seen: Observation) -> Iterator[Condition]:
    """Each end, from half a year before, after which no order covers some cameras."""
    for until_utc_us, cameras in sorted(_ends(seen).items()):
        left_us = until_utc_us - seen.now_utc_us
        if 0 < left_us <= _NOTICE_US:
            severity, months = (Severity.WARNING, 4) if left_us <= _WARNING_US else (Severity.NOTICE, 6)
            number = _number(seen.orders or (), cameras[0], until_utc_us)
            detail = f"{number}: {', '.join(cameras)}"
            yield Condition("order-ends", f"{months} {number}", None, detail, until_utc_us, severity)


def unauthorised(seen: Observation) -> Iterator[Condition]:
    """Cameras that are recorded, and no order is in force for them; since when, if there was one.

    While the decision of a person stands in its place it is a notice, to be settled before the decision ends.
    """
    decided = {entry.camera: entry.uncovered_until_utc_us for entry in seen.expected()}
    for camera in _ends(seen).get(seen.now_utc_us, ()):
        until_utc_us = decided[CameraId(camera)]
        if until_utc_us is not None and until_utc_us > seen.now_utc_us:
            yield Condition(KIND, camera, detail=DECIDED, until_utc_us=until_utc_us, severity=Severity.NOTICE)
            continue
        ends = [order.to_utc_us for order in seen.orders or () if _covers(order, camera)]
        before = [end for end in (*ends, until_utc_us) if end is not None and end <= seen.now_utc_us]
        since_utc_us = UtcUs(max(before)) if before else None
        detail = DECISION_OVER if since_utc_us is not None and since_utc_us == until_utc_us else None
        yield Condition(KIND, camera, since_utc_us=since_utc_us, detail=detail)


def next_end(seen: Observation) -> UtcUs | None:
    """When the first of the recorded cameras loses its order; None: none does, or nobody knows."""
    return min((end for end in _ends(seen) if end > seen.now_utc_us), default=None)


def _ends(seen: Observation) -> Mapping[UtcUs, Sequence[str]]:
    """The recorded cameras by the instant until which orders cover them, where there is one."""
    ends: dict[UtcUs, list[str]] = {}
    for entry in seen.expected() if seen.orders is not None else ():
        until_utc_us = covered_until_utc_us(seen.orders or (), entry.camera, seen.now_utc_us)
        if until_utc_us is not None:
            ends.setdefault(UtcUs(until_utc_us), []).append(entry.camera)
    return ends


def _number(orders: Sequence[Order], camera: str, end_utc_us: UtcUs) -> str:
    return next(one.number for one in orders if one.to_utc_us == end_utc_us and _covers(one, camera))


def _covers(order: Order, camera: str) -> bool:
    return order.cameras is None or camera in order.cameras
