"""What the watch reads of disk and index; blocking. What can not be read is None, and a condition of its own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from config.database import Location
from config.model import Volume as VolumeSetting
from nvr.app.volumes.known_disks import load as load_disks
from nvr.app.volumes.smart import Verdict
from nvr.app.watch.observation import BackupSeen, SetInForce, VolumeSeen
from nvr.base.errors import EvidenceAtRisk, NvrError
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.on_evidence import kept_by_hold
from storage.index.queries import IndexReader
from storage.index.rows import Order
from storage.snapshot import CameraEntry
from storage.snapshot import load as load_snapshot
from storage.vault.seats import SignedSet
from storage.volume import VolumeLost, open_volume

_UNREADABLE: Final = (NvrError, SQLAlchemyError, OSError)


def cameras_seen(snapshot: Path) -> tuple[CameraEntry, ...] | None:
    """The cameras of the snapshot."""
    try:
        return load_snapshot(snapshot).cameras
    except _UNREADABLE:
        return None


def volume_seen(setting: VolumeSetting, origin: str) -> VolumeSeen:
    """The volume as it is now; it hangs for as long as its disk does."""
    unseen = unseen_volume(setting, None)
    try:
        volume = open_volume(setting.path, origin)
        space = volume.space()
    except VolumeLost as error:
        return replace(unseen, why=str(error.fields.get("what")))
    return replace(unseen, id=volume.id, free_bytes=space.free_bytes, total_bytes=space.total_bytes)


def unseen_volume(setting: VolumeSetting, why: str | None) -> VolumeSeen:
    """The volume, of which nothing is known but its setting and what is wrong."""
    return VolumeSeen(setting.name, None, str(setting.path), why=why, evidence=setting.evidence)


def failing_disks(settings: Iterable[VolumeSetting], state: Path) -> dict[str, str]:
    """By volume of the configuration, which of its disks fails by what it said when it was asked last."""
    known, failing = load_disks(state), {}
    for setting in settings:
        at = known.last_at(setting.path)
        bad = [one for one in (known.volumes[at].disks if at else ()) if one.health.verdict is Verdict.FAILING]
        if bad:
            bay = [] if setting.bay is None else [setting.bay]
            failing[setting.name] = "; ".join(", ".join([*bay, one.disk.label, *one.health.reasons]) for one in bad)
    return failing


def index_orders(index: Location) -> Sequence[Order] | None:
    """The prefect's orders, as the index has them."""
    try:
        reader = IndexReader.at(index)
        try:
            return reader.orders()
        finally:
            reader.close()
    except _UNREADABLE:
        return None


def footage_lost(
    index: Location, cameras: Iterable[CameraId], from_utc_us: UtcUs, to_utc_us: UtcUs
) -> dict[str, int] | None:
    """Microseconds without pictures in [from, to), of each camera that has any."""
    try:
        reader = IndexReader.at(index)
        try:
            lost = {camera: _gap_us(reader, camera, from_utc_us, to_utc_us) for camera in cameras}
        finally:
            reader.close()
    except _UNREADABLE:
        return None
    return {str(camera): us for camera, us in lost.items() if us}


def oldest_footage(index: Location) -> UtcUs | None:
    """The start of the oldest footage that is still there."""
    try:
        reader = IndexReader.at(index)
        try:
            return min(reader.oldest().values(), default=None)
        finally:
            reader.close()
    except _UNREADABLE:
        return None


def holds_kept(index: Location, now_utc_us: UtcUs) -> Mapping[str, int] | None:
    """By hold, the bytes of footage that it covers."""
    try:
        reader = IndexReader.at(index)
        try:
            found = reader.answer(partial(kept_by_hold, now_utc_us=now_utc_us))
            return {hold: kept.bytes for hold, kept in found.items()}
        finally:
            reader.close()
    except _UNREADABLE:
        return None


def backup_seen(last: Path, old_days: int) -> BackupSeen:
    """When the last whole backup was made, as it is noted on this server."""
    try:
        made = json.loads(last.read_bytes())["made_utc_us"]
    except (OSError, ValueError, KeyError, TypeError):
        made = None
    return BackupSeen(UtcUs(made) if type(made) is int else None, old_days)


def set_in_force(custodians: Path) -> SetInForce | None:
    """The custodian set in force; None: it can not be read."""
    try:
        found = SignedSet.parse(custodians.read_bytes()).set
    except (OSError, EvidenceAtRisk):
        return None
    return SetInForce(found.hash.hex(), found.provisional)


def _gap_us(reader: IndexReader, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> int:
    gaps = reader.gaps(camera, from_utc_us, to_utc_us)
    return sum(min(gap.to_utc_us or to_utc_us, to_utc_us) - max(gap.from_utc_us, from_utc_us) for gap in gaps)
