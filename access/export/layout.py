"""The names of a bundle's files (docs/design/bundle.md "Layout"). Names are safe on FAT32 and on discs."""

from datetime import UTC, datetime
from typing import Final

from nvr.base.ids import CameraId, RequisitionNo, SegmentId
from nvr.base.units import US_PER_SECOND

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
SUMS: Final = "manifest-sha256.txt"
README: Final = "LISEZMOI.txt"
EXPORT_KEY: Final = "keys/export.pub"
LOG_KEY: Final = "keys/log.pub"
KEYS_DIRECTORY: Final = "keys"
VIDEO_DIRECTORY: Final = "video"
RECORDS_DIRECTORY: Final = "proofs/records"

GRANT: Final = "grant"
OPEN: Final = "open"
EXPORT: Final = "export"

_MOVIE: Final = ".mp4"
_POSITIONS: Final = ".ptz.json"

PARTIAL_SUFFIX: Final = ".partial"
"""A directory with this name is not a bundle, and never becomes one but by being renamed."""


def bundle_name(requisition: RequisitionNo, number: int) -> str:
    """The bundle's directory; `number` counts the bundles of a requisition from 1."""
    return f"EXP-{requisition}-{number}"


def entry_path(name: str) -> str:
    """The ledger entry of this name, as its exact bytes: `grant`, or what `seal_name` gives."""
    return f"proofs/{name}.json"


def proof_path(name: str) -> str:
    """The entry's proof of inclusion (C2SP tlog-proof)."""
    return f"proofs/{name}.tlog-proof"


def release_name(number: int) -> str:
    """What a release entry of the grant is called; `number` counts them from 1, in the order of the ledger."""
    return f"release-{number}"


def seal_name(segment: SegmentId | str) -> str:
    """What the seal entry of a segment is called."""
    return f"seal-{segment}"


def records_path(segment: SegmentId | str) -> str:
    """The records of a segment: see `recordproof`."""
    return f"{RECORDS_DIRECTORY}/{segment}.json"


def video_path(camera: CameraId, first_utc_us: int, number: int) -> str:
    """A movie: the camera, the second of the first frame shown in UTC, and its number within the bundle."""
    when = datetime.fromtimestamp(first_utc_us // US_PER_SECOND, UTC)
    return f"{VIDEO_DIRECTORY}/{camera}_{when:%Y%m%dT%H%M%SZ}_{number:03d}{_MOVIE}"


def positions_path(movie: str) -> str:
    """Where the dome looked during the movie at this path: see `positions`."""
    return movie.removesuffix(_MOVIE) + _POSITIONS


def is_positions(path: str) -> bool:
    """Whether a file of this path says where a dome looked."""
    return path.startswith(f"{VIDEO_DIRECTORY}/") and path.endswith(_POSITIONS)


NOT_IN_MANIFEST: Final = frozenset({MANIFEST, SIGNATURE, SUMS, entry_path(EXPORT), proof_path(EXPORT)})
"""Files that the manifest can not list: itself, and what is made from it."""
