"""`manifest.json`: what a bundle holds, for whom, and where the ledger says so. JCS, signed, logged."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, JsonValue, ValidationError

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import canonical
from storage.ledger.fields import (
    MOST_TEXT,
    Count,
    Hash,
    Instant,
    Name,
    Part,
    Public32,
    RequisitionNumber,
    Text,
    Uuid7,
    Whole,
)

VERSION: Final = 1

FilePath = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*$", max_length=255)]
"""A file of the bundle, from its directory, with `/`; no part begins with a dot."""

Range: TypeAlias = tuple[Count, Count]
"""First and last, both included."""


class ManifestInvalid(EvidenceAtRisk):
    """`manifest.json` is not a manifest of this version; field `why` says which rule it breaks."""

    message_id = "manifest-invalid"


class FileEntry(Part):
    """A file of the bundle and its SHA-256."""

    path: FilePath
    size: Count
    sha256: Hash


class GapEntry(Part):
    """A stretch of the granted interval without pictures; `to_utc_us` null: it was open when the bundle was made.

    `cause` is that of a gap in recording; or `destroyed` or `lost`, of footage that existed: since when and why.
    """

    camera: Name
    from_utc_us: Instant
    to_utc_us: Instant | None
    cause: Text
    since_utc_us: Instant | None = None
    why: Text | None = None

    def overlaps(self, from_utc_us: int, to_utc_us: int) -> bool:
        """Whether any of it lies in [from, to)."""
        return self.from_utc_us < to_utc_us and (self.to_utc_us is None or self.to_utc_us > from_utc_us)


PlaceText = Annotated[str, Field(max_length=4 * MOST_TEXT)]
"""Number, address and view of a point, of which each is a text of the ledger."""


class PlaceEntry(Part):
    """Where a camera stood; `to_utc_us` null: it stands there still. Coordinates are degrees times 10**7.

    `entered_late`: the placement was entered after it began.
    """

    camera: Name
    from_utc_us: Instant
    to_utc_us: Instant | None
    text: PlaceText
    entered_late: bool
    lat_e7: Whole | None
    lon_e7: Whole | None


class UnreadableEntry(Part):
    """A segment of the grant whose file is away, gone or damaged, so that nothing or not all of it is in the bundle.

    `records` are the `seq` of the granted records that are not; null when nothing of the segment is. Camera and times
    are null when the segment is destroyed, or lost.
    """

    seg: Uuid7
    why: Text
    records: tuple[Count, ...] | None
    camera: Name | None
    from_utc_us: Instant | None
    to_utc_us: Instant | None


class ItemSegment(Part):
    """The records, by `seq`, of a sealed segment from which the movie was made."""

    seg: Uuid7
    seal_index: Count
    root: Hash
    records: Range


class UnshownSegment(Part):
    """A segment of the release of which no frame lies in the interval; its records are proven like those of movies."""

    camera: Name
    seg: Uuid7
    seal_index: Count
    root: Hash


class Item(FileEntry):
    """A movie. `from_utc_us` and `to_utc_us` are the wall times of its first and last shown frames.

    `frames` counts all its samples. `hidden_before` and `hidden_after` list, by number in decoding order from 0, the
    samples outside of the interval, which decoding needs and the edit list hides; `undecodable` those in the interval
    that do not decode, since they refer to pictures before the movie that were never recorded: players show the others.
    """

    camera: Name
    run: Uuid7
    point: Name | None
    placement: Name | None
    codec: Text
    width: Count
    height: Count
    from_utc_us: Instant
    to_utc_us: Instant
    frames: Count
    hidden_before: tuple[Range, ...]
    hidden_after: tuple[Range, ...]
    undecodable: tuple[Range, ...]
    segments: tuple[ItemSegment, ...]
    gaps: tuple[GapEntry, ...]


class GrantPart(Part):
    """The grant, as the ledger has it; `seats` are the custodians' seats that opened it.

    `release_indices` are those of all its `release` entries, in order: one names at most 1,000 segments.
    """

    grant: Uuid7
    ledger_index: Count
    release_indices: tuple[Count, ...]
    open_index: Count | None
    cameras: tuple[Name, ...]
    from_utc_us: Instant
    to_utc_us: Instant
    valid_until_utc_us: Instant
    opener: Name
    seats: tuple[Count, ...]


class RequisitionPart(Part):
    """The requisition's internal number, and what the register adds (authority, its own number, ...)."""

    number: RequisitionNumber
    facts: dict[str, JsonValue]


class LogPart(Part):
    """The ledger: its name, its key (Ed25519, base64), and the checkpoint that the proofs lead to."""

    origin: Text
    public: Public32
    size: Count
    root: Hash


class Software(Part):
    """What made the bundle."""

    name: Text
    version: Text


class Manifest(Part):
    """The whole of it. `files` are all files of the bundle but the movies and those that can not be in it."""

    v: Literal[1] = VERSION
    bundle: Annotated[str, Field(pattern=r"^EXP-R-[0-9]{4}-[0-9]{6}-[1-9][0-9]*$")]
    created_utc_us: Instant
    origin: Text
    requisition: RequisitionPart
    grant: GrantPart
    items: tuple[Item, ...]
    unshown: tuple[UnshownSegment, ...]
    gaps: tuple[GapEntry, ...]
    places: tuple[PlaceEntry, ...]
    unreadable: tuple[UnreadableEntry, ...]
    files: tuple[FileEntry, ...]
    software: Software
    logs: Annotated[tuple[LogPart, ...], Field(min_length=1)]


def encode(manifest: Manifest) -> bytes:
    """The manifest's bytes."""
    return canonical(manifest.model_dump(mode="json"))


def decode(data: bytes) -> Manifest:
    """The manifest in the bytes.

    Raises:
        ManifestInvalid: not JSON, not canonical, or not a manifest of this version.
    """
    try:
        manifest = Manifest.model_validate_json(data)
        again = encode(manifest)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ManifestInvalid(why=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise ManifestInvalid(why=str(error)) from error
    if again != data:
        raise ManifestInvalid(why="not canonical JSON")
    return manifest
