"""Which prefect's order covers a camera at an instant, and what it says of retention."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from nvr.base.units import UtcUs
from storage.register.tables import Authorisation

LONGEST_DAYS: Final = 31
"""Without an order: one calendar month is the cap all the same (CSI L252-5)."""


def order_for(session: Session, camera: str, at_utc_us: UtcUs) -> Authorisation | None:
    """The order in force for the camera at this instant; of several, the one that began last."""
    orders = session.scalars(
        select(Authorisation)
        .where(
            Authorisation.from_utc_us <= at_utc_us,
            or_(Authorisation.to_utc_us.is_(None), Authorisation.to_utc_us > at_utc_us),
        )
        .order_by(Authorisation.from_utc_us.desc(), Authorisation.authorisation.desc())
    )
    return next((order for order in orders if order.cameras is None or camera in order.cameras), None)


def longest_days(session: Session, cameras: Iterable[str], at_utc_us: UtcUs) -> int:
    """The most days that the orders allow for any of the cameras."""
    orders = [order_for(session, camera, at_utc_us) for camera in cameras]
    return max((LONGEST_DAYS if order is None else order.retention_days for order in orders), default=LONGEST_DAYS)
