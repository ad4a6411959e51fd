"""The volumes that a keeper compares, and destroys on: those that are there, of its system, and locked by it."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from nvr.base.errors import ConfigError
from storage.faults import Fault
from storage.index.rows import SegmentRow
from storage.keeping.settings import EvidenceSetting
from storage.volume import Volume, VolumeId, VolumeLost, open_volume
from storage.volume_lock import is_directory_of, lock_directory


class VolumesKept:
    """Follows which volumes there are. `look` and `close` block; they are never called at once.

    `segments` of each is locked while it is in use: a keeper with another ledger would take all of it for unknown.
    """

    def __init__(
        self,
        configured: Callable[[], Sequence[Path]],
        origin: str,
        evidence: Callable[[], Sequence[EvidenceSetting]] = tuple,
    ) -> None:
        self.in_use: Mapping[VolumeId, Volume] = {}
        self.evidence: Mapping[VolumeId, tuple[Volume, EvidenceSetting]] = {}
        """Those in use that are for second copies."""
        self.evidence_settings: Sequence[EvidenceSetting] = ()
        """All that are, in use or not."""
        self.faults: Mapping[str, str] = {}
        """Why a volume is not in use, by its path; `configuration`: the list of them is not the newest."""
        self._configured = configured
        self._evidence = evidence
        self._origin = origin
        self._paths: Sequence[Path] = ()
        self._locks: dict[VolumeId, int] = {}

    def look(self) -> None:
        """Take the volumes that can be used now, and let go of the others."""
        faults: dict[str, str] = {}
        try:
            self._paths, self.evidence_settings = self._configured(), self._evidence()
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
        settings = {one.path: one for one in self.evidence_settings}
        # First, since whoever reads both meanwhile must not take one of these for a volume of recordings.
        self.evidence = {name: (one, settings[one.path]) for name, one in found.items() if one.path in settings}
        self.in_use, self.faults, self._locks = found, faults, locks

    @property
    def for_recording(self) -> Mapping[VolumeId, Volume]:
        """Those in use that take recordings."""
        return {name: volume for name, volume in self.in_use.items() if name not in self.evidence}

    def has_file(self, row: SegmentRow) -> bool:
        """Whether the segment's own file is where the index has it, as long as it was. Blocking."""
        volume = self.in_use.get(row.volume)
        if volume is None:
            return False
        try:
            volume.check()
            return volume.sealed_path(row.camera, row.start_utc_us, row.seg).stat().st_size == row.file_bytes
        except (VolumeLost, OSError):
            return False

    def close(self) -> None:
        """Let go of all of them."""
        self._let_go(self._locks.values())
        self.in_use, self.evidence, self._locks = {}, {}, {}

    def _locked(self, volume: Volume) -> int:
        fd = self._locks.get(volume.id)
        if fd is not None and is_directory_of(fd, volume.segments):
            return fd
        return lock_directory(volume.segments, "keeper")

    @staticmethod
    def _let_go(locks: Iterable[int]) -> None:
        for fd in locks:
            os.close(fd)
