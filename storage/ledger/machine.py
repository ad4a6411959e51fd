"""What the machine tells the ledger: bodies of the entries by recorder, keeper and access (docs/design/ledger.md)."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from storage.ledger.fields import Count, Hash, Instant, Name, Part, Public32, Text, Uuid7, Whole

SEGMENTS_PER_ENTRY = 1000
"""So many segments at most in one entry: it stays below 65,535 bytes."""

Segments: TypeAlias = Annotated[tuple[Uuid7, ...], Field(max_length=SEGMENTS_PER_ENTRY)]

ClockSync: TypeAlias = Literal["synchronised", "unsynchronised", "unknown"]
"""Whether the kernel says that the server's clock is disciplined (adjtimex)."""


class Body(Part):
    """What an entry says; `t` is the type under which it stands."""

    t: ClassVar[str]


class Log(Body):
    """The first entry of a log. `previous` is the last checkpoint of the log that this one continues."""

    t: ClassVar[str] = "log"
    origin: Text
    public: Public32
    previous: Text | None


class Boot(Body):
    """A recorder process began; `public` verifies the events of this boot, this one included."""

    t: ClassVar[str] = "boot"
    public: Public32
    sw: Text
    shards: Count
    utc_us: Instant
    mono_us: Count


class Stop(Body):
    """A recorder process ended in order."""

    t: ClassVar[str] = "stop"
    reason: Text


class Clock(Body):
    """The server's clock stepped by `step_us`: a new epoch begins at `utc_us`."""

    t: ClassVar[str] = "clock"
    epoch: Count
    step_us: Whole
    utc_us: Instant
    mono_us: Count


class Seal(Body):
    """A segment is closed; `root` fixes every byte of it (docs/design/svs1.md).

    `key_record` is null when the keeper found the file after a crash and no key record of it. `continues` is the
    segment in which its first group of pictures began, null when that is this one; earlier entries lack it.
    """

    t: ClassVar[str] = "seal"
    seg: Uuid7
    camera: Name
    run: Uuid7
    volume: Uuid7
    shard: Count
    start_utc_us: Instant
    end_utc_us: Instant
    clock_epoch: Count
    records: Count
    root: Hash
    hh: Hash
    file_bytes: Count
    ct_bytes: Count
    lost: Count
    key_record: Hash | None
    set: Hash
    point: Name | None
    placement: Name | None
    authorisation: Name | None
    recovered: bool
    continues: Uuid7 | None = None


GapCause: TypeAlias = Literal["silent", "lost", "fell behind", "full", "stopped", "clock", "disk lost"]
"""The values of storage.records.GapCause."""


class Gap(Body):
    """A stretch without pictures. A second entry of the same `gap` closes it; `to_utc_us` null: still open."""

    t: ClassVar[str] = "gap"
    gap: Uuid7
    camera: Name
    from_utc_us: Instant
    to_utc_us: Instant | None
    cause: GapCause
    detail: Text | None


class Move(Body):
    """A dome moved, and this system did not order it (docs/design/domes.md). A second entry of the same `move` ends it.

    `from_utc_us` is when it was last seen in place, `to_utc_us` when it was seen in place again; null: it is not.
    `why`: it `left`, an expected preset means another position (`preset`), or this stands for `moves` further moves of
    the hour, from the first to the last (`many`).
    """

    t: ClassVar[str] = "move"
    move: Uuid7
    camera: Name
    from_utc_us: Instant
    to_utc_us: Instant | None
    why: Literal["left", "preset", "many"]
    moves: Count


class Heartbeat(Body):
    """The recorder lives; `state` is the hash of its state blob, `segments` how many grow."""

    t: ClassVar[str] = "heartbeat"
    state: Hash
    segments: Count
    sync: ClockSync


class CustodianSet(Body):
    """A custodian set is in force from here on."""

    t: ClassVar[str] = "set"
    set: Hash
    number: Count
    preset: Name
    m: Count
    n: Count
    provisional: bool


class Expire(Body):
    """These segments are about to be destroyed; `deadline_utc_us` is the latest among theirs.

    `allowed` is the camera whose `allow` this uses up: more than half of its footage goes; earlier entries lack it.
    """

    t: ClassVar[str] = "expire"
    segs: Segments
    reason: Literal["cap", "camera", "pressure"]
    deadline_utc_us: Instant
    allowed: Name | None = None


class CameraSpan(Part):
    """So many segments of one camera, from the first's start to the last's end."""

    camera: Name
    from_utc_us: Instant
    to_utc_us: Instant
    count: Count


class Expired(Body):
    """These segments are destroyed: keys shredded, files gone."""

    t: ClassVar[str] = "expired"
    segs: Segments
    bytes: Count
    cameras: tuple[CameraSpan, ...]


class DestroyedOfCamera(Part):
    """What was destroyed of one camera for one reason; `lost` of the segments had no file where they should have been.

    Their keys are shredded; whoever finds their disk finds nothing that opens. The reason is null when no `expire` was
    told.
    """

    reason: Literal["cap", "camera", "pressure"] | None
    from_utc_us: Instant
    to_utc_us: Instant
    segments: Count
    bytes: Count
    lost: Count


class StatementOfCamera(Part):
    """One camera's day: what was destroyed, how much was due and `held`, how much `waiting` to be carried out."""

    camera: Name
    destroyed: tuple[DestroyedOfCamera, ...]
    held: Count
    held_bytes: Count
    waiting: Count


class Statement(Body):
    """What was destroyed on one local day, [from, to); cameras that are not named had nothing due.

    A day of many cameras has several entries, in one group: `part` of `parts`, counted from 0.
    """

    t: ClassVar[str] = "statement"
    day: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    from_utc_us: Instant
    to_utc_us: Instant
    part: Count
    parts: Count
    cameras: tuple[StatementOfCamera, ...]


class Missing(Body):
    """The file of a segment is not on this volume any more, and why; earlier entries lack the volume.

    Where the segment had a copy (`copied`), that is its file from then on; else the footage is lost.
    """

    t: ClassVar[str] = "missing"
    seg: Uuid7
    camera: Name
    start_utc_us: Instant
    end_utc_us: Instant
    why: Text
    volume: Uuid7 | None = None


class Copied(Body):
    """These segments have a second file on this volume, which was read back from its disk and is what was sealed."""

    t: ClassVar[str] = "copied"
    volume: Uuid7
    segs: Segments


class Uncopied(Body):
    """The second files of these segments on this volume count no more, and why.

    No hold keeps the segments any more, or the files are `missing` or `damaged`: then they are made anew.
    """

    t: ClassVar[str] = "uncopied"
    volume: Uuid7
    segs: Segments
    why: Literal["no hold", "missing", "damaged"]


class Damaged(Body):
    """The file of a segment is there, and is not what was sealed; `why` null: it was read again, and is whole.

    Of several with one `seg` the last counts. The segment stays sealed: the records that are whole can be opened.
    `mended_from`: a verified copy from this volume is about to be put in its place, and the file is kept beside it;
    earlier entries lack it.
    """

    t: ClassVar[str] = "damaged"
    seg: Uuid7
    camera: Name
    start_utc_us: Instant
    end_utc_us: Instant
    why: Text | None
    mended_from: Uuid7 | None = None


class Release(Body):
    """The machine parts of these segments are handed to the custodians of a grant; `by` is who asked for it."""

    t: ClassVar[str] = "release"
    grant: Uuid7
    set: Hash
    segs: Segments
    by: Name | None = None


class SeatUsed(Part):
    """Which key of a seat gave its share: `set` is the hash of the custodian set, `key` one of the seat's three."""

    set: Hash
    seat: Count
    key: Literal["holder", "deputy", "envelope"]


class Open(Body):
    """Record keys of a grant came back: these seats, so many segments and records.

    `by` is who handed them in, null when access made good for a crash and does not know any more. `used` says of each
    seat which of its keys it was; entries of earlier versions lack it. A later entry of the same grant has all that
    came until then: of footage under another custodian set, or of segments that could not be read before.
    """

    t: ClassVar[str] = "open"
    grant: Uuid7
    seats: tuple[Count, ...]
    segs: Count
    records: Count
    by: Name | None = None
    used: tuple[SeatUsed, ...] = ()


class Denied(Body):
    """Something about footage was asked for and refused by this rule."""

    t: ClassVar[str] = "denied"
    rule: Text
    what: Text
    object: Text | None
