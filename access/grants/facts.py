"""What is known of a grant: its scope, its entries in the ledger, and where its cameras stood."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.cameras.places import describe, placements_of
from nvr.base.ids import AccountId, CameraId, GrantId, RequisitionNo
from nvr.base.units import UtcUs
from storage.ledger.machine import Release
from storage.register import tables


@dataclass(frozen=True, slots=True)
class PlaceText:
    """Where a camera stood, in words; `to_utc_us` None: it stands there still. Coordinates are degrees times 10**7."""

    from_utc_us: UtcUs
    to_utc_us: UtcUs | None
    text: str
    entered_late: bool
    lat_e7: int | None
    lon_e7: int | None


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A grant as the register has it; the indices are those of its entries in the ledger, the releases in order."""

    grant: GrantId
    requisition: RequisitionNo
    cameras: tuple[CameraId, ...]
    from_utc_us: UtcUs
    to_utc_us: UtcUs
    valid_until_utc_us: UtcUs
    opener: AccountId
    grant_index: int
    release_indices: tuple[int, ...]
    open_index: int | None
    places: Mapping[CameraId, tuple[PlaceText, ...]]


def facts_of(session: Session, row: tables.Grant) -> GrantFacts:
    """The grant of this row, with its places."""
    cameras = tuple(CameraId(camera) for camera in row.cameras)
    from_utc_us, to_utc_us = UtcUs(row.from_utc_us), UtcUs(row.to_utc_us)
    return GrantFacts(
        grant=GrantId(row.grant),
        requisition=RequisitionNo(row.requisition),
        cameras=cameras,
        from_utc_us=from_utc_us,
        to_utc_us=to_utc_us,
        valid_until_utc_us=UtcUs(row.valid_until_utc_us),
        opener=AccountId(row.opener),
        grant_index=row.grant_index,
        release_indices=tuple(release_indices(session, row)),
        open_index=row.open_index,
        places={camera: _places(session, camera, from_utc_us, to_utc_us) for camera in cameras},
    )


def release_indices(session: Session, grant: tables.Grant) -> list[int]:
    """The indices of the grant's `release` entries since it was made or reopened, in the order of the ledger."""
    return [index for index, _ in _releases(session, grant)]


def sets_released(session: Session, grant: tables.Grant) -> int:
    """How many custodian sets these releases name."""
    return len({body["set"] for _, body in _releases(session, grant)})


def _releases(session: Session, grant: tables.Grant) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = session.execute(
        select(tables.Act.ledger_index, tables.Act.leaf)
        .where(tables.Act.type == Release.t, tables.Act.ledger_index > grant.grant_index)
        .order_by(tables.Act.ledger_index)
    )
    for index, leaf in rows:
        if index is not None and leaf is not None and (body := json.loads(leaf)["body"])["grant"] == grant.grant:
            yield index, body


def _places(session: Session, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> tuple[PlaceText, ...]:
    return tuple(
        _place(placement, session.get_one(tables.Point, placement.point))
        for placement in placements_of(session, camera, from_utc_us, to_utc_us)
    )


def _place(placement: tables.Placement, point: tables.Point) -> PlaceText:
    return PlaceText(
        from_utc_us=UtcUs(placement.from_utc_us),
        to_utc_us=None if placement.to_utc_us is None else UtcUs(placement.to_utc_us),
        text=describe(point),
        entered_late=placement.entered_late,
        lat_e7=point.lat_e7,
        lon_e7=point.lon_e7,
    )
