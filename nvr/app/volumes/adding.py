"""Whether a directory may become a volume, judged by what is known of it before anything is written. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from nvr.app.volumes.devices import Disk
from nvr.app.volumes.mounts import Mount
from nvr.base.errors import Refused
from storage.volume import Space

_KEEPS_PROMISES: Final = frozenset({"ext4", "xfs"})
"""Of these it is known that what was synced outlives a power cut, and that room can be reserved: tests ran on them."""

_BREAKS_PROMISES: Final = MappingProxyType(
    {
        # file systems, by the beginning of their name: the text of what they lack
        "nfs": "volume-kind-network",
        "cifs": "volume-kind-network",
        "smb": "volume-kind-network",
        "fuse": "volume-kind-program",
        "9p": "volume-kind-network",
        "vfat": "volume-kind-journal",
        "exfat": "volume-kind-journal",
        "msdos": "volume-kind-journal",
        "ntfs": "volume-kind-foreign",
        "tmpfs": "volume-kind-memory",
        "ramfs": "volume-kind-memory",
        "overlay": "volume-kind-layers",
        "squashfs": "volume-kind-read-only",
        "iso9660": "volume-kind-read-only",
    }
)


class CanNotAdd(Refused):
    """The directory can not become a volume; `path`, `why`."""

    message_id = "volume-can-not-add"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a directory says of itself: the volume and its system, or why that can not be read."""

    volume: str | None = None
    origin: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another place of this system: what people call it, and where it lies."""

    what: str
    path: Path
    mount: Mount | None
    disks: Sequence[Disk]
    volume: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of the directory. `identity` None: it is no volume; `entries`: what lies there besides."""

    path: Path
    is_directory: bool
    mount: Mount | None
    disks: Sequence[Disk]
    identity: Identity | None
    entries: frozenset[str]
    space: Space | None
    writable: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """The id of a text and its fields."""

    id: str
    fields: Mapping[str, object]


def faults(one: Candidate, origin: str, system: Neighbour, volumes: Sequence[Neighbour], least_bytes: int) -> list[str]:
    """The ids of why it can not be a volume, the first to be mended first; none: it can.

    `system` is where `/` lies; `least_bytes` is the room that a volume needs to be of any use.
    """
    if any(other.path == one.path for other in volumes):
        return ["configured"]
    if not one.is_directory:
        return ["no-directory"]
    if one.mount is None or (system.mount is not None and one.mount.device == system.mount.device):
        return ["not-mounted"]
    return [
        *_of_place(one, system, volumes),
        *_of_identity(one, origin, volumes),
        *_of_disk(one, least_bytes),
    ]


def _of_place(one: Candidate, system: Neighbour, volumes: Sequence[Neighbour]) -> Iterator[str]:
    if _share(one.disks, system.disks):
        yield "system-disk"
    if any(_is_with(one, other) for other in volumes):
        yield "same-disk"


def _of_identity(one: Candidate, origin: str, volumes: Sequence[Neighbour]) -> Iterator[str]:
    identity = one.identity
    if identity is None:
        if one.entries & {"segments", "growing"}:
            yield "without-identity"
    elif identity.fault is not None:
        yield "identity-unreadable"
    elif identity.origin != origin:
        yield "other-system"
    elif identity.volume in {other.volume for other in volumes}:
        yield "copy"


def _of_disk(one: Candidate, least_bytes: int) -> Iterator[str]:
    if one.mount is not None and breaks_promises(one.mount.kind) is not None:
        yield "kind"
    if not one.writable:
        yield "read-only"
    if one.space is None:
        yield "room-unreadable"
    elif one.space.free_bytes < least_bytes and one.identity is None:
        yield "too-small"


def warnings(one: Candidate, places: Sequence[Neighbour]) -> list[Finding]:
    """What a person should know before: none of it stands against the volume."""
    found = []
    if one.mount is not None and one.mount.kind not in _KEEPS_PROMISES:
        found.append(Finding("volume-kind-unknown", {"kind": one.mount.kind}))
    if one.identity is None and one.entries:
        found.append(Finding("volume-not-empty", {"entries": ", ".join(sorted(one.entries)[:5])}))
    found += [
        Finding("keys-on-one-disk", {"place": place.what, "other": one.path})
        for place in places
        if _is_with(one, place)
    ]
    return found


def breaks_promises(kind: str) -> str | None:
    """The id of the text of what a file system of this kind lacks; None where nothing is known against it."""
    return next((text for name, text in _BREAKS_PROMISES.items() if kind.startswith(name)), None)


def _is_with(one: Candidate, other: Neighbour) -> bool:
    same = one.mount is not None and other.mount is not None and one.mount.device == other.mount.device
    return same or _share(one.disks, other.disks)


def _share(some: Sequence[Disk], others: Sequence[Disk]) -> bool:
    return bool({disk.name for disk in some} & {disk.name for disk in others})
