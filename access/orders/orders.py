"""Which prefect's order covers a camera at an instant, and what it says of retention."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from nvr.base.units import UtcUs
from storage.register.tables import Authorisation
from storage.retention import order_in_force

LONGEST_DAYS: Final = 31
"""Without an order: one calendar month is the cap all the same (CSI L252-5)."""


def order_for(session: Session, camera: str, at_utc_us: UtcUs) -> Authorisation | None:
    """The order that decides for the camera at this instant: `storage.retention.order_in_force`, as for destruction."""
    return order_in_force(session.scalars(select(Authorisation)), camera, at_utc_us)


def longest_days(session: Session, cameras: Iterable[str], at_utc_us: UtcUs) -> int:
    """The most days that the orders allow for any of the cameras."""
    orders = [order_for(session, camera, at_utc_us) for camera in cameras]
    return max((LONGEST_DAYS if order is None else order.retention_days for order in orders), default=LONGEST_DAYS)
