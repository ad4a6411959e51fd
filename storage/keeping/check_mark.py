"""What a check is asked for, and how far it came: a file that outlives the keeper (docs/design/storage.md)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from nvr.base.ids import CameraId
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.durable import make_directory, remove_file, replace_file
from storage.index.rows import ToCheck
from storage.inspection import Depth
from storage.reconcile import Scope
from storage.volume import VolumeId

WHOLE: Final = "whole"
"""Behind the name of every segment."""
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Request:
    """Which footage is checked, and how closely; `volumes` none: all that are in use."""

    depth: Depth
    scope: Scope = field(default_factory=Scope)
    volumes: frozenset[VolumeId] = frozenset()

    def to_json(self) -> dict[str, Json]:
        """As it stands in the file, and in answers."""
        return {
            "depth": self.depth.value,
            "cameras": [*sorted(self.scope.cameras)],
            "since_utc_us": self.scope.since_utc_us,
            "volumes": [*sorted(self.volumes)],
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a check came: by volume the last segment that was looked at, "" when it was only compared, or WHOLE."""

    request: Request
    begun_utc_us: UtcUs
    at: Mapping[str, str] = field(default_factory=dict)

    def moved(self, volume: VolumeId, seg: str) -> Self:
        """The mark, this volume further on."""
        return replace(self, at={**self.at, volume: seg})

    def to_check(self, volume: VolumeId) -> ToCheck:
        """The segments of a volume that it looks at."""
        scope = self.request.scope
        return ToCheck(volume, scope.cameras, scope.since_utc_us, self.begun_utc_us)


def load_mark(path: Path) -> Mark | None:
    """The mark in the file; None without one. What is no mark is none: then a check begins anew, and costs time."""
    try:
        found = json.loads(path.read_bytes())
        return _parsed(found) if found["v"] == _VERSION else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def save_mark(path: Path, mark: Mark) -> None:
    """Write it, durably."""
    value: dict[str, Json] = {
        "v": _VERSION,
        "request": mark.request.to_json(),
        "begun_utc_us": mark.begun_utc_us,
        "at": dict(mark.at),
    }
    make_directory(path.parent)
    replace_file(path, canonical(value))


def remove_mark(path: Path) -> None:
    """The check is done."""
    remove_file(path)


def _parsed(found: Any) -> Mark:  # noqa: ANN401 -- JSON from a file
    asked = found["request"]
    scope = Scope(frozenset(CameraId(name) for name in asked["cameras"]), int(asked["since_utc_us"]))
    request = Request(Depth(asked["depth"]), scope, frozenset(VolumeId(name) for name in asked["volumes"]))
    at = {str(volume): str(seg) for volume, seg in found["at"].items()}
    return Mark(request, UtcUs(int(found["begun_utc_us"])), at)
