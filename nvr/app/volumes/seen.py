"""One volume of the configuration as this machine shows it now, and what is remembered of its disks. Blocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.model import Volume as VolumeSetting
from nvr.app.volumes.devices import SYS, UDEV, Disk, disks_of
from nvr.app.volumes.known_disks import KnownDisk, KnownDisks
from nvr.app.volumes.mounts import Mount, mount_of
from nvr.app.volumes.smart import unknown
from nvr.base.units import UtcUs
from storage.volume import Space, VolumeLost, open_volume

HANGS: Final = "the disk does not answer"


@dataclass(frozen=True, slots=True)
class VolumeSeen:
    """What is there. `volume` may be remembered; `why` says why it can not be read now, None where it can.

    `disks_seen_utc_us` is when its disks were seen there, None for now. Free room is None where it can not be read.
    """

    volume: str | None
    why: str | None
    disks: tuple[KnownDisk, ...]
    disks_seen_utc_us: UtcUs | None
    health_utc_us: UtcUs | None = None
    """When the disks were asked how they are."""
    space: Space | None = None


def see(
    setting: VolumeSetting,
    origin: str,
    known: KnownDisks,
    mounted: Sequence[Mount],
    *,
    sys: Path = SYS,
    udev: Path = UDEV,
) -> VolumeSeen:
    """The volume at its path. It hangs for as long as its disk does: `remembered` is for then."""
    try:
        volume = open_volume(setting.path, origin)
        space = volume.space()
    except VolumeLost as error:
        return remembered(setting, known, str(error.fields.get("what")))
    mount = mount_of(setting.path, list(mounted))
    disks = () if mount is None else disks_of(mount, sys, udev)
    before = known.volumes.get(volume.id)
    if not disks and before is not None:
        return VolumeSeen(volume.id, None, before.disks, before.seen_utc_us, before.seen_utc_us, space)
    looked_at = {_key(one.disk): one.health for one in (() if before is None else before.disks)}
    health = [looked_at.get(_key(disk), unknown("nobody looked: nvr-admin volume smart")) for disk in disks]
    asked_utc_us = None if before is None else before.seen_utc_us
    return VolumeSeen(volume.id, None, tuple(map(KnownDisk, disks, health)), None, asked_utc_us, space)


def remembered(setting: VolumeSetting, known: KnownDisks, why: str) -> VolumeSeen:
    """What is known of a volume that can not be read now, and why it can not."""
    volume = known.last_at(setting.path)
    if volume is None:
        return VolumeSeen(None, why, (), None)
    last = known.volumes[volume]
    return VolumeSeen(volume, why, last.disks, last.seen_utc_us, last.seen_utc_us)


def _key(disk: Disk) -> tuple[str | None, str | None]:
    """What makes it the same disk: its name changes with each start of the machine."""
    return disk.model, disk.serial or disk.name
