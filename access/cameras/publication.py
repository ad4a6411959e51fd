"""What recorders are told: the camera snapshot, published through the keeper whenever it changed."""

import asyncio
import logging
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.cameras.values import last_commission, standing
from access.orders.cover import last_decisions
from access.orders.orders import order_for
from access.ports import LedgerPort
from nvr.base.clock import Clock
from nvr.base.errors import Retryable
from nvr.base.ids import AuthorisationId, CameraId, PlacementId, PointId
from nvr.base.units import UtcUs
from storage.register import tables
from storage.register.register import Register
from storage.snapshot import CameraEntry, CameraKind

_log: Final = logging.getLogger(__name__)


class Publisher:
    """Publishes the snapshot that follows from the register; placements and orders begin and end by themselves."""

    def __init__(self, register: Register, ledger: LedgerPort, clock: Clock) -> None:
        self._register = register
        self._ledger = ledger
        self._clock = clock
        self._published: tuple[CameraEntry, ...] | None = None
        self._publishing = asyncio.Lock()

    async def publish_soon(self) -> bool:
        """Publish now if the keeper answers, and say whether it did: an act in the ledger does not fail for it."""
        try:
            await self.publish()
        except Retryable as error:
            _log.warning("the camera snapshot waits: %s", error)
            return False
        return True

    async def publish(self) -> bool:
        """Publish the snapshot if it differs from the last one that this process published; whether it did.

        Raises:
            Retryable: the keeper does not answer; the next call tries again.
        """
        async with self._publishing:
            entries = await self._register.read(lambda session: snapshot_entries(session, self._clock.utc_us()))
            if entries == self._published:
                return False
            await self._ledger.publish(entries)
            self._published = entries
            return True


def snapshot_entries(session: Session, now_utc_us: UtcUs) -> tuple[CameraEntry, ...]:
    """What recorders are to record now."""
    cameras = session.scalars(
        select(tables.Camera)
        .where(tables.Camera.retired.is_(False), tables.Camera.url.is_not(None))
        .order_by(tables.Camera.camera)
    )
    decided = last_decisions(session)
    return tuple(_snapshot_entry(session, camera, decided.get(camera.camera), now_utc_us) for camera in cameras)


def _snapshot_entry(
    session: Session, camera: tables.Camera, decided: tables.Uncovered | None, now_utc_us: UtcUs
) -> CameraEntry:
    placement = standing(session, camera.camera, now_utc_us)
    order = order_for(session, camera.camera, now_utc_us)
    aimed = last_commission(session, camera.camera)
    return CameraEntry(
        camera=CameraId(camera.camera),
        url=camera.url or "",
        shard=camera.shard,
        secret=camera.secret,
        point=None if placement is None else PointId(placement.point),
        placement=None if placement is None else PlacementId(placement.placement),
        authorisation=None if order is None else AuthorisationId(order.authorisation),
        ptz=camera.ptz,
        kind=CameraKind(camera.kind),
        absent=camera.absent,
        commissioned_from_utc_us=None if aimed is None else UtcUs(aimed.from_utc_us),
        commissioned_until_utc_us=None if aimed is None else UtcUs(aimed.until_utc_us),
        uncovered_until_utc_us=None if decided is None else UtcUs(decided.until_utc_us),
    )
