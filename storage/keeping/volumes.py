"""The volumes that a keeper compares, and destroys on: those that are there, of its system, and locked by it."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from nvr.base.errors import ConfigError
from storage.faults import Fault
from storage.volume import Volume, VolumeId, VolumeLost, open_volume
from storage.volume_lock import is_directory_of, lock_directory


class VolumesKept:
    """Follows which volumes there are. `look` and `close` block; they are never called at once.

    `segments` of each is locked while it is in use: a keeper with another ledger would take all of it for unknown.
    """

    def __init__(self, configured: Callable[[], Sequence[Path]], origin: str) -> None:
        self.in_use: Mapping[VolumeId, Volume] = {}
        self.faults: Mapping[str, str] = {}
        """Why a volume is not in use, by its path; `configuration`: the list of them is not the newest."""
        self._configured = configured
        self._origin = origin
        self._paths: Sequence[Path] = ()
        self._locks: dict[VolumeId, int] = {}

    def look(self) -> None:
        """Take the volumes that can be used now, and let go of the others."""
        faults: dict[str, str] = {}
        try:
            self._paths = self._configured()
        except ConfigError as error:
            faults["configuration"] = Fault.of(error)
        found: dict[VolumeId, Volume] = {}
        locks: dict[VolumeId, int] = {}
        for path in self._paths:
            try:
                volume = open_volume(path, self._origin)
                if volume.id in found:
                    raise VolumeLost(path=str(path), what=f"the same volume as {found[volume.id].path}")
                locks[volume.id] = self._locked(volume)
                found[volume.id] = volume
            except VolumeLost as error:
                faults[str(path)] = Fault.of(error)
        self._let_go(fd for name, fd in self._locks.items() if locks.get(name) != fd)
        self.in_use, self.faults, self._locks = found, faults, locks

    def close(self) -> None:
        """Let go of all of them."""
        self._let_go(self._locks.values())
        self.in_use, self._locks = {}, {}

    def _locked(self, volume: Volume) -> int:
        fd = self._locks.get(volume.id)
        if fd is not None and is_directory_of(fd, volume.segments):
            return fd
        return lock_directory(volume.segments, "keeper")

    @staticmethod
    def _let_go(locks: Iterable[int]) -> None:
        for fd in locks:
            os.close(fd)
