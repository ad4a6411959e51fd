"""Which disk each volume was seen on last, and how it did: what is left to know once the disk is dead.

`state/disks.json`, written by who may ask disks (root, docs/adr/0022), read by the watch and by `volume list`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from nvr.app.volumes.devices import Disk
from nvr.app.volumes.smart import Health, Verdict
from nvr.base.units import UtcUs
from storage.durable import replace_file

FILE_NAME: Final = "disks.json"


@dataclass(frozen=True, slots=True)
class KnownDisk:
    """One disk, and what it said of its health when it was looked at last."""

    disk: Disk
    health: Health


@dataclass(frozen=True, slots=True)
class KnownVolume:
    """The disks of one volume, as they were seen then at this path."""

    path: str
    disks: tuple[KnownDisk, ...]
    seen_utc_us: UtcUs


@dataclass(frozen=True, slots=True)
class KnownDisks:
    """By volume id."""

    volumes: Mapping[str, KnownVolume]

    def with_volume(self, volume: str, known: KnownVolume) -> "KnownDisks":
        """The same, with what was seen of one volume now."""
        return replace(self, volumes={**self.volumes, volume: known})

    def last_at(self, path: Path) -> str | None:
        """The volume that was seen at the path last."""
        there = {volume: one.seen_utc_us for volume, one in self.volumes.items() if one.path == str(path)}
        return max(there, key=lambda volume: there[volume], default=None)


NOTHING_KNOWN: Final = KnownDisks({})


def load(state: Path) -> KnownDisks:
    """What the file says; nothing where there is none, or none that can be read: it is made anew by the next look."""
    try:
        body = json.loads((state / FILE_NAME).read_bytes())
        return KnownDisks({str(volume): _volume(value) for volume, value in body["volumes"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return NOTHING_KNOWN


def store(state: Path, known: KnownDisks) -> None:
    """Write the file, for whoever may read the folder. Raises OSError: it can not be written."""
    folder = state.stat()
    body = {"v": 1, "volumes": {volume: asdict(value) for volume, value in known.volumes.items()}}
    replace_file(
        state / FILE_NAME,
        json.dumps(body, ensure_ascii=False, sort_keys=True).encode(),
        owner=(folder.st_uid, folder.st_gid),
    )


def _volume(value: Mapping[str, Any]) -> KnownVolume:
    disks = [KnownDisk(Disk(**each["disk"]), _health(each["health"])) for each in value["disks"]]
    return KnownVolume(str(value["path"]), tuple(disks), UtcUs(int(value["seen_utc_us"])))


def _health(value: Mapping[str, Any]) -> Health:
    return Health(Verdict(value["verdict"]), tuple(value["reasons"]), value["hours"], value["celsius"])
