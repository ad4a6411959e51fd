"""On what countdowns rest, as the register has it: two questions and one for the holds, however many are asked for."""

from collections import defaultdict
from datetime import tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.footage.countdown import Keeping, Terms
from access.holds.room import running_scopes
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.rows import CameraRow, Order
from storage.register import tables
from storage.retention import Rules


def terms_of(session: Session, zone: tzinfo, now_utc_us: UtcUs, pressure_utc_us: UtcUs | None = None) -> Terms:
    """Orders, cameras' own settings, and holds that run. `pressure_utc_us`: when the first disk will run short."""
    return Terms(rules_of(session, zone), _keeping(session, now_utc_us), now_utc_us, pressure_utc_us)


def rules_of(session: Session, zone: tzinfo) -> Rules:
    """The rules by which the keeper destroys, from the register: its index has them from the same entries."""
    cameras = {
        row.camera: CameraRow(CameraId(row.camera), row.shard, row.retention_days, row.retired)
        for row in session.scalars(select(tables.Camera))
    }
    return Rules(tuple(Order.of(row) for row in session.scalars(select(tables.Authorisation))), cameras, zone)


def _keeping(session: Session, now_utc_us: UtcUs) -> dict[str, list[Keeping]]:
    found: dict[str, list[Keeping]] = defaultdict(list)
    for scope in running_scopes(session, now_utc_us):
        found[scope.camera].append(Keeping(scope.from_utc_us, scope.to_utc_us, scope.until_utc_us))
    return found
