"""The camera snapshot: what a recorder must know, as one atomic, versioned file.

The keeper publishes it from the register; recorders read it at their start and when it changes. The last good one
serves at boot, without any database (docs/design/processes.md).
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from nvr.base.errors import ConfigError
from nvr.base.ids import AuthorisationId, CameraId, PlacementId, PointId, camera_id
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.durable import replace_file

VERSION: Final = 1

MOST_COMMISSIONING_S: Final = 8 * 3600
"""A working day: no recorder leaves a camera alone for longer, whatever the snapshot says."""


class CameraKind(StrEnum):
    """How a camera is mounted (docs/design/nomadic.md)."""

    FIXED = "fixed"
    DOME = "dome"
    NOMADIC = "nomadic"
    """It moves from point to point, is away in between, and comes over a radio link."""


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """One camera that is to be recorded.

    `url` holds no user and no password; `secret` names the entry of the secrets file that does, or is None. `absent`:
    a person entered that it was taken down.
    """

    camera: CameraId
    url: str
    shard: int
    secret: str | None = None
    point: PointId | None = None
    placement: PlacementId | None = None
    authorisation: AuthorisationId | None = None
    kind: CameraKind = CameraKind.FIXED
    absent: bool = False
    ptz: str | None = None
    """How it is asked where it looks (`config.ptz`); None for a camera that does not turn."""
    commissioned_from_utc_us: UtcUs | None = None
    """With the next field: when the camera is, or last was, aimed and not recorded. Past times stay."""
    commissioned_until_utc_us: UtcUs | None = None
    uncovered_until_utc_us: UtcUs | None = None
    """Until when a person decided that it is recorded without an order; past times stay."""


@dataclass(frozen=True, slots=True)
class CameraSnapshot:
    """All cameras, as the register had them when `ledger_size` entries were in the ledger."""

    ledger_size: int
    cameras: tuple[CameraEntry, ...]

    def of_shard(self, shard: int) -> tuple[CameraEntry, ...]:
        """The cameras that this shard records."""
        return tuple(entry for entry in self.cameras if entry.shard == shard)


def publish(path: Path, snapshot: CameraSnapshot) -> None:
    """Write the snapshot in place of the last one, durably and atomically."""
    body: dict[str, Json] = {
        "v": VERSION,
        "ledger_size": snapshot.ledger_size,
        "cameras": [asdict(entry) for entry in snapshot.cameras],
    }
    replace_file(path, canonical(body))


def load(path: Path) -> CameraSnapshot:
    """The snapshot in the file.

    Raises:
        ConfigError: the file is absent, not a snapshot, or of a version that this program does not know.
    """
    try:
        body = json.loads(path.read_bytes())
        if body["v"] != VERSION:
            raise ConfigError(
                file=str(path), key="v", why=f"snapshot version {body['v']}, this program knows {VERSION}"
            )
        cameras = tuple(
            CameraEntry(
                camera=camera_id(entry["camera"]),
                url=entry["url"],
                shard=entry["shard"],
                secret=entry["secret"],
                point=entry["point"],
                placement=entry["placement"],
                authorisation=entry["authorisation"],
                kind=CameraKind(entry.get("kind", CameraKind.FIXED)),  # older snapshots have neither
                absent=bool(entry.get("absent", False)),
                ptz=entry.get("ptz"),
                commissioned_from_utc_us=entry.get("commissioned_from_utc_us"),
                commissioned_until_utc_us=entry.get("commissioned_until_utc_us"),
                uncovered_until_utc_us=entry.get("uncovered_until_utc_us"),
            )
            for entry in body["cameras"]
        )
        return CameraSnapshot(ledger_size=body["ledger_size"], cameras=cameras)
    except FileNotFoundError as error:
        raise ConfigError(file=str(path), why="there is no camera snapshot: the keeper has not run yet") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(file=str(path), why=f"not a camera snapshot: {error!r}") from error
