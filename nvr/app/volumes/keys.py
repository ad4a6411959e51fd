"""Whether a disk that leaves takes the keyring with it: places on it, and what the others have. Blocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from config.database import Location
from nvr.app.volumes.devices import SYS, UDEV, disks_of
from nvr.app.volumes.mounts import Mount, mount_of
from nvr.app.volumes.overview import VolumeReport
from nvr.base.errors import NvrError, Refused
from storage.index.on_volume import volumes_with_footage
from storage.index.queries import IndexReader
from storage.index.tables import SegmentState
from storage.keyring.layout import SlotState
from storage.keyring.places import KeyringFile, file_names


class KeysOnDisk(Refused):
    """A place of the keyring is on the disk, and no other is whole. `path`, `place`, `why`."""

    message_id = "volume-keys-on-disk"


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """The places of the keyring that leave with a disk, and those that stay."""

    leaving: Sequence[Path]
    staying: Sequence[Path]


def places_on(
    report: VolumeReport, places: Sequence[Path], mounted: Sequence[Mount], *, sys: Path = SYS, udev: Path = UDEV
) -> KeyPlaces:
    """Which places are on the disks of this volume: below its path, on its file system, or on a disk with it."""
    path = report.setting.path
    here = mount_of(path, list(mounted)) if report.seen.why is None else None
    serials = {one.disk.serial for one in report.seen.disks} - {None}

    def is_on(place: Path) -> bool:
        mount = mount_of(place, list(mounted))
        if place.is_relative_to(path):
            return True
        if mount is None:
            return False
        return mount == here or bool(serials & {disk.serial for disk in disks_of(mount, sys, udev)})

    return KeyPlaces([one for one in places if is_on(one)], [one for one in places if not is_on(one)])


def refuse_without_keys(path: Path, places: KeyPlaces, index: Location) -> None:
    """Check that what leaves is not the last of any key. Raises KeysOnDisk."""
    if not places.leaving:
        return
    why = "there is no other place"
    for place in places.staying:
        missing = _missing_in(place, index)
        if missing is None:
            return
        why = f"{place}: {missing}"
    raise KeysOnDisk(path=str(path), place=", ".join(map(str, places.leaving)), why=why)


def _missing_in(place: Path, index: Location) -> str | None:
    """What the place lacks of the keys of all footage; None where it lacks nothing."""
    try:
        keys = _segments_in(place)
        reader = IndexReader.at(index)
        try:
            lacking = sum(
                row.seg not in keys
                for volume in reader.answer(volumes_with_footage)
                for page in reader.of_volume(volume, [SegmentState.SEALED])
                for row in page
            )
        finally:
            reader.close()
    except (NvrError, SQLAlchemyError, OSError) as error:
        return str(error)
    return f"{lacking} keys are missing" if lacking else None


def _segments_in(place: Path) -> set[str]:
    found: set[str] = set()
    for name in file_names(place):
        with KeyringFile(place / name) as file:
            found.update(head.segment for _, head in file.slots() if head is not None and head.state is SlotState.LIVE)
    return found
