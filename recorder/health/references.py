"""The references of one shard's cameras from start to start, as one small file beside the shard's state.

Without it a camera that was turned would be learnt anew, as it then stands, by the next start.
"""

import hashlib
import json
import logging
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any, Final

from nvr.base.ids import CameraId
from nvr.base.jcs import Json, canonical
from recorder.health.looks import PROFILE_BYTES
from recorder.health.states import LEARNING_LOOKS, Light, Reference
from storage.durable import make_directory, replace_file
from storage.snapshot import CameraEntry

_VERSION: Final = 1

_log: Final = logging.getLogger(__name__)


def about(entry: CameraEntry) -> str:
    """What a reference is of: the same camera at another address or place, or aimed anew, begins without one."""
    told = [entry.url, entry.placement, entry.commissioned_from_utc_us]
    return hashlib.sha256(canonical(told)).hexdigest()


class References:
    """Complete references by camera. The event loop owns it; `load` and `save` are for a thread."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read: dict[CameraId, tuple[str, dict[Light, Reference]]] = {}
        self._kept: dict[CameraId, tuple[str, dict[Light, Reference]]] = {}
        self._saved: bytes | None = None

    def load(self) -> None:
        """Take what the file has; one that can not be read is as none, and all is learnt anew.

        Raises:
            OSError: the disk refuses, and does not say that there is no file.
        """
        try:
            cameras = json.loads(self.file.read_bytes())["cameras"]
            self._read = {CameraId(camera): _read(kept) for camera, kept in cameras.items()}
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _log.error("%s: no references of camera health (%r): learnt anew", self.file, error)

    def of(self, entry: CameraEntry) -> dict[Light, Reference]:
        """Those of the camera, if they are of it as it is now."""
        kept = self._kept.get(entry.camera) or self._read.get(entry.camera)
        references = dict(kept[1]) if kept is not None and kept[0] == about(entry) else {}
        self.keep(entry, references)
        return references

    def keep(self, entry: CameraEntry, references: dict[Light, Reference]) -> None:
        """Remember those that are complete."""
        complete = {light: reference for light, reference in references.items() if reference.complete}
        self._kept[entry.camera] = about(entry), complete

    def drop(self, camera: CameraId) -> None:
        """The camera is recorded no more: nothing of its picture is kept, nor of one that was not asked for here."""
        self._kept.pop(camera, None)

    def content(self) -> bytes:
        """What `save` is to write: taken on the event loop, which changes it."""
        cameras: dict[str, Json] = {camera: _written(*kept) for camera, kept in self._kept.items()}
        return canonical({"v": _VERSION, "cameras": cameras})

    def save(self, content: bytes) -> None:
        """Write it durably, unless it was written. Raises OSError."""
        if content != self._saved:
            make_directory(self.file.parent)
            replace_file(self.file, content)
            self._saved = content


def _written(of: str, references: dict[Light, Reference]) -> dict[str, Json]:
    return {
        "about": of,
        "references": {
            light.value: {
                "profile": b64encode(reference.profile).decode(),
                "sharpness_64": reference.sharpness_64,
                "detail_64": reference.detail_64,
            }
            for light, reference in references.items()
        },
    }


def _read(kept: dict[str, Any]) -> tuple[str, dict[Light, Reference]]:
    found = {}
    for light, each in kept["references"].items():
        profile = b64decode(each["profile"], validate=True)
        if len(profile) != PROFILE_BYTES:
            raise ValueError("profile")
        found[Light(light)] = Reference(LEARNING_LOOKS, profile, int(each["sharpness_64"]), int(each["detail_64"]))
    return str(kept["about"]), found
