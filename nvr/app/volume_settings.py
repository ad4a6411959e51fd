"""The volumes of the configuration, as its file has them now."""

from pathlib import Path

from config.load import load
from config.model import Settings, Volume
from nvr.base.errors import ConfigError
from storage.keeping.settings import EvidenceSetting


class VolumeSettings:
    """The `[[volume]]` tables, read again when the file changed. Calls block."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.file
        self._volumes = settings.volume
        self._seen: tuple[int, int] | None = None

    def read(self) -> tuple[Volume, ...]:
        """The tables. Raises ConfigError: the file can not be used as it is."""
        if self._file is not None:
            stamp = _stamp(self._file)
            if stamp is None or stamp != self._seen:
                self._volumes = load(self._file, {}).volume
                self._seen = stamp
        return self._volumes

    def paths(self) -> list[Path]:
        """Their paths. Raises ConfigError as `read`."""
        return [volume.path for volume in self.read()]

    def last_good(self) -> tuple[Volume, ...]:
        """The tables as they were when the file could be used: keeper and recorder tell people what is wrong now."""
        try:
            return self.read()
        except ConfigError:
            return self._volumes

    def for_recording(self) -> list[Volume]:
        """Those that take recordings, as the file had them when it could be used."""
        return [volume for volume in self.last_good() if not volume.evidence]

    def evidence(self) -> list[EvidenceSetting]:
        """Those that take copies of held footage. Raises ConfigError as `read`."""
        return [
            EvidenceSetting(
                volume.path,
                takes_copies=not volume.drain,
                budget_bytes=None if volume.budget_gib is None else volume.budget_gib << 30,
            )
            for volume in self.read()
            if volume.evidence
        ]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
