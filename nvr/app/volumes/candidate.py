"""Looking at a directory that is to become a volume, and at what lies around it. Blocking, reads only."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config.model import Settings
from nvr.app.shards import recorder_sockets
from nvr.app.volumes.adding import Candidate, Identity, Neighbour
from nvr.app.volumes.devices import disks_of
from nvr.app.volumes.mounts import Mount, mount_of
from storage.volume import IDENTITY_NAME, Space, VolumeLost, open_volume, space_of
from storage.volume_service import MINIMUM_FREE_BYTES

_OF_FILE_SYSTEMS: Final = frozenset({"lost+found"})
_RESERVES: Final = 4
"""For each recorder: its reserve, and as much again before the volume counts as full, twice."""
_LEAST_FOR_COPIES_BYTES: Final = 1 << 30


def candidate_at(path: Path, mounted: Sequence[Mount]) -> Candidate:
    """What is known of the directory."""
    mount = mount_of(path, list(mounted))
    is_directory = path.is_dir()
    return Candidate(
        path=path,
        is_directory=is_directory,
        mount=mount,
        disks=() if mount is None else disks_of(mount),
        identity=_identity(path),
        entries=_entries(path) if is_directory else frozenset(),
        space=_space(path),
        writable=os.access(path, os.W_OK),
    )


def system_disk(mounted: Sequence[Mount]) -> Neighbour:
    """Where `/` lies."""
    return _neighbour("/", Path("/"), mounted)


def volumes_of(settings: Settings, mounted: Sequence[Mount]) -> list[Neighbour]:
    """The volumes of the configuration; of one that can not be read no id is known, and its path may lead elsewhere."""
    found = []
    for setting in settings.volume:
        try:
            volume = open_volume(setting.path, settings.system.origin)
        except VolumeLost:
            found.append(Neighbour(setting.name, setting.path, None, ()))
        else:
            found.append(_neighbour(setting.name, setting.path, mounted, volume.id))
    return found


def places_of(settings: Settings, mounted: Sequence[Mount]) -> list[Neighbour]:
    """The places of the keyring."""
    return [_neighbour(str(place), place, mounted) for place in settings.keyring.places]


def least_bytes(settings: Settings, *, evidence: bool) -> int:
    """Below this a volume would be relieved of its footage at once, or be full; one for copies, full within days."""
    if evidence:
        return _LEAST_FOR_COPIES_BYTES
    shards = len(recorder_sockets(settings))
    return (settings.keeper.reserve_gib << 30) + _RESERVES * shards * MINIMUM_FREE_BYTES


def _neighbour(what: str, path: Path, mounted: Sequence[Mount], volume: str | None = None) -> Neighbour:
    mount = mount_of(path, list(mounted))
    return Neighbour(what, path, mount, () if mount is None else disks_of(mount), volume)


def _identity(path: Path) -> Identity | None:
    try:
        body = json.loads((path / IDENTITY_NAME).read_bytes())
        return Identity(str(body["volume"]), str(body["origin"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Identity(fault=str(error))


def _entries(path: Path) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in path.iterdir()) - _OF_FILE_SYSTEMS - {IDENTITY_NAME}
    except OSError:
        return frozenset()


def _space(path: Path) -> Space | None:
    try:
        return space_of(path)
    except VolumeLost:
        return None
