"""What persons do: bodies of the entries that are in the ledger before their effect (docs/design/ledger.md).

Personal values stand as commitments (`entries.personal_commitment`); texts here name places and rules, nobody.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from storage.ledger.fields import Base64, Count, Days, Hash, Instant, Name, Part, RequisitionNumber, Text, Uuid7
from storage.ledger.machine import Body
from storage.snapshot import CameraKind


class Account(Body):
    """An account is made or changed; person, service and designation are commitments."""

    t: ClassVar[str] = "account"
    account: Name
    roles: tuple[Name, ...]
    ends_utc_us: Instant | None
    person: Hash | None
    service: Hash | None
    designation: Hash | None
    disabled: bool


class Point(Body):
    """A numbered place of the prefect's order; `lat_e7` and `lon_e7` are degrees times 10**7 (WGS 84)."""

    t: ClassVar[str] = "point"
    point: Name
    number: Text
    district: Text | None
    address: Text | None
    streets: Text | None
    view: Text | None
    lat_e7: Annotated[int, Field(ge=-900_000_000, le=900_000_000)] | None
    lon_e7: Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)] | None


class Camera(Body):
    """A camera is added or changed; `retention_days` only shortens what the order allows.

    `replaces` is the camera whose place this one took. `absent`: it was taken down, so that nobody expects pictures;
    the reason is a commitment. `ptz`: how it is asked where it looks, a commitment too (`config.ptz`). Entries of
    earlier versions lack these.
    """

    t: ClassVar[str] = "camera"
    camera: Name
    url_hash: Hash
    shard: Count
    retention_days: Days | None
    retired: bool
    replaces: Name | None = None
    kind: CameraKind = CameraKind.FIXED
    absent: bool = False
    absent_reason: Hash | None = None
    ptz: Hash | None = None


class Placement(Body):
    """Where a camera stands, from one instant to another; `entered_late` when backdated, the reason a commitment."""

    t: ClassVar[str] = "placement"
    placement: Name
    camera: Name
    point: Name
    from_utc_us: Instant
    to_utc_us: Instant | None
    entered_late: bool
    reason: Hash | None


class Commission(Body):
    """A person aims the camera, and nothing of it is recorded meanwhile; the reason is a commitment.

    A second entry of the same `commission` ends it early.
    """

    t: ClassVar[str] = "commission"
    commission: Uuid7
    camera: Name
    from_utc_us: Instant
    until_utc_us: Instant
    reason: Hash | None


class Authorisation(Body):
    """The prefect's order: how many days it allows, how many it demands; `cameras` null means all.

    `succeeds` is the order that it renews. A second entry of the same `authorisation` corrects it, for a `reason`: a
    commitment to words of a person.
    """

    t: ClassVar[str] = "authorisation"
    authorisation: Name
    number: Text
    from_utc_us: Instant
    to_utc_us: Instant | None
    retention_days: Days
    minimum_days: Days | None
    cameras: tuple[Name, ...] | None
    succeeds: Name | None = None
    reason: Hash | None = None


class RoomKept(Part):
    """What all holds keep of the room for footage, in thousandths, before one more and with it; null: nobody could say.

    Above `limit_permille` a new hold needs a validator; 1000 is no limit.
    """

    limit_permille: Count
    before_permille: Count | None
    with_permille: Count | None


class Uncovered(Body):
    """A person decided that these cameras are recorded though no order covers them, until then.

    The reason is a commitment.
    """

    t: ClassVar[str] = "uncovered"
    decision: Uuid7
    cameras: tuple[Name, ...]
    until_utc_us: Instant
    reason: Hash


class Hold(Body):
    """Footage of these cameras and times may not be destroyed; `until_utc_us` bounds an unvalidated hold.

    `provisional`: with it holds kept more than their share of the `room`, and a validator has still to confirm it. A
    later entry of the same `hold` changes it: what holds keep was measured, the requisition was taken, a validator
    confirms it, a validated requisition lifts the bound, a narrowing its cameras. Only the first of these has `room`.
    """

    t: ClassVar[str] = "hold"
    hold: Uuid7
    requisition: RequisitionNumber | None
    cameras: tuple[Name, ...]
    from_utc_us: Instant
    to_utc_us: Instant
    basis: Text | None
    until_utc_us: Instant | None
    provisional: bool = False
    room: RoomKept | None = None


class Unhold(Body):
    """The hold ends; the reason, in words of a person, is a commitment."""

    t: ClassVar[str] = "unhold"
    hold: Uuid7
    reason: Hash


class Allow(Body):
    """A person looked: the next pass of retention may destroy more than half of what there is of this camera.

    It holds until then, or until that pass has used it (`expire`, `allowed`); the reason is a commitment.
    """

    t: ClassVar[str] = "allow"
    camera: Name
    reason: Hash
    until_utc_us: Instant


class Discard(Body):
    """A volume leaves the system for good: its disk is dead, or goes back to the vendor. What only it has is lost.

    `disk` and `bay` say which disk it was, null where nobody knew; `segments`, `bytes` what was lost with it, `held`
    how many of the segments a hold covered, and `copies` how many second copies of others went with it, by the index
    of that moment. The reason is a commitment.
    """

    t: ClassVar[str] = "discard"
    volume: Uuid7
    disk: Text | None
    bay: Text | None
    segments: Count
    bytes: Count
    held: Count
    reason: Hash
    copies: Count = 0


class NoImage(Part):
    """Why there is no picture of one camera; of what was destroyed or is lost, since when and for which reason."""

    camera: Name
    reason: Literal["destroyed", "lost", "never recorded", "no camera there"]
    since_utc_us: Instant | None = None
    why: Text | None = None


class NoImages(Part):
    """The answer that nothing exists, camera by camera."""

    kind: Literal["no-images"]
    cameras: tuple[NoImage, ...]


class Requisition(Body):
    """A requisition is received, completed or answered; what it says of persons and numbers is committed."""

    t: ClassVar[str] = "req"
    requisition: RequisitionNumber
    hold: Uuid7 | None
    cameras: tuple[Name, ...]
    from_utc_us: Instant
    to_utc_us: Instant
    basis: Text | None
    authority: Hash | None
    authority_number: Hash | None
    requester: Hash | None
    document: Hash | None
    answer: NoImages | None


class Refuse(Body):
    """The requisition is refused; the reason, in words of a person, is a commitment."""

    t: ClassVar[str] = "refuse"
    requisition: RequisitionNumber
    reason: Hash


class Grant(Body):
    """The requisition is validated: these cameras and times, for this opener, until then.

    `release_public` is the grant's release key (X-Wing, 1,216 bytes), `checked` the commitment to how the
    call-back was done. A second entry of the same `grant` reopens it once it was over, with a fresh release key: the
    last counts, and `reopens` is the index of the one before. Entries of earlier versions lack it.
    """

    t: ClassVar[str] = "grant"
    grant: Uuid7
    requisition: RequisitionNumber
    cameras: tuple[Name, ...]
    from_utc_us: Instant
    to_utc_us: Instant
    valid_until_utc_us: Instant
    opener: Name
    requested_by: Name
    release_public: Base64
    checked: Hash
    reopens: Count | None = None


class Revoke(Body):
    """The grant ends before its time, for good; the reason, in words of a person, is a commitment."""

    t: ClassVar[str] = "revoke"
    grant: Uuid7
    reason: Hash


class Export(Body):
    """A bundle was made for the grant; `manifest` is the hash of its manifest."""

    t: ClassVar[str] = "export"
    grant: Uuid7
    requisition: RequisitionNumber
    bundle: Text
    manifest: Hash
    files: Count
    bytes: Count


class Continue(Body):
    """The log goes on behind its first `size` entries, though there were more: a backup was restored.

    `root` and `kept` are those of what is there, `seen` the newest checkpoint that was found elsewhere, if any; between
    `from_utc_us` and `to_utc_us` what was entered is lost. The reason is a commitment.
    """

    t: ClassVar[str] = "continue"
    size: Count
    root: Hash
    kept: Text | None
    seen: Text | None
    from_utc_us: Instant
    to_utc_us: Instant
    backup_utc_us: Instant | None
    reason: Hash
