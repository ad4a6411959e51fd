"""Which disks stand behind a file system: through partitions, LVM, encryption and mirrors, with what says which it is.

All of it is read from sysfs and from what udev noted; what is not there is not known, and no fault.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nvr.app.volumes.mounts import Mount

SYS: Final = Path("/sys")
UDEV: Final = Path("/run/udev/data")
_SLOT_PREFIX: Final = "enclosure_device:"
_PAGE_HEAD: Final = 4
"""Bytes before the serial number in a SCSI page 0x80 (SPC-4, "Unit Serial Number")."""


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk as the kernel has it. `slot` is what its enclosure calls its place; few servers tell."""

    name: str
    model: str | None = None
    serial: str | None = None
    slot: str | None = None

    @property
    def label(self) -> str:
        """Model and serial, as they stand on its sticker; the kernel's name where neither is known."""
        return " ".join(filter(None, (self.model, self.serial))) or self.name


def disks_of(mount: Mount, sys: Path = SYS, udev: Path = UDEV) -> tuple[Disk, ...]:
    """The disks behind the mount, by name; none where the kernel does not tell."""
    device = mount.device
    if device.startswith("0:"):  # btrfs, ZFS and their like have devices of no number of their own
        device = _device_of(mount.source) or device
    try:
        begin = (sys / "dev" / "block" / device).resolve(strict=True)
        found = {folder.name: folder for folder in _below(begin)}
    except OSError:
        return ()
    return tuple(_disk(found[name], udev) for name in sorted(found))


def _device_of(source: str) -> str | None:
    try:
        status = Path(source).stat() if source.startswith("/dev/") else None
    except OSError:
        return None
    return None if status is None else f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


def _below(folder: Path) -> list[Path]:
    """The whole disks of which a device is made, in the end."""
    if (folder / "partition").exists():
        folder = folder.parent
    slaves = folder / "slaves"
    parts = sorted(slaves.iterdir()) if slaves.is_dir() else []
    if not parts:
        return [folder]
    return [disk for part in parts for disk in _below(part.resolve(strict=True))]


def _disk(folder: Path, udev: Path) -> Disk:
    noted = _noted(udev / f"b{_text(folder / 'dev')}")
    return Disk(
        name=folder.name,
        model=(noted.get("ID_MODEL") or "").replace("_", " ").strip() or _text(folder / "device" / "model"),
        serial=noted.get("ID_SERIAL_SHORT")
        or _text(folder / "device" / "serial")
        or _text(folder / "serial")
        or _page(folder / "device" / "vpd_pg80"),
        slot=_slot(folder / "device"),
    )


def _noted(file: Path) -> dict[str, str]:
    """What udev knows of a device: lines `E:KEY=value`."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.removeprefix("E:").partition("=") for line in lines if line.startswith("E:"))
    return {key: value for key, _, value in pairs}


def _slot(device: Path) -> str | None:
    with suppress(OSError):
        for entry in sorted(device.iterdir()):
            if entry.name.startswith(_SLOT_PREFIX):
                return entry.name.removeprefix(_SLOT_PREFIX).strip() or None
    return None


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def _page(file: Path) -> str | None:
    try:
        return file.read_bytes()[_PAGE_HEAD:].decode("ascii", "replace").strip(" \x00") or None
    except OSError:
        return None
