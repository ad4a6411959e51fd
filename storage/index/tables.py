"""The index's tables: one row per segment, per gap, per camera of a hold. All of it follows from the ledger.

Instants are UTC microseconds, sizes bytes. Growing segments are not here: they are in the shard's heartbeats.
"""

from enum import IntEnum
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA: Final = MetaData(naming_convention=NAMES)


class SegmentState(IntEnum):
    """Where a segment stands between its seal and its end."""

    SEALED = 1
    DOOMED = 2
    """Its destruction is in the ledger; keys and file may be there or not."""
    GONE = 3
    """Destroyed on purpose."""
    LOST = 4
    """It was not where it had been: `lost_utc_us`, `lost_why`. Sealed again when it comes back whole."""


def _in_time_order(name: str, state: SegmentState) -> Index:
    """An index over the segments of one state alone: SQLite would take one over all states for a camera's day."""
    condition = text(f"state = {int(state)}")
    return Index(f"ix_segment_{name}", "start_utc_us", "seg", sqlite_where=condition, postgresql_where=condition)


WHOLE: Final = BigInteger().with_variant(Integer, "sqlite")
"""Any whole number that an entry of the ledger may hold."""
_CONTINUED: Final = text(f"continues IS NOT NULL AND state != {int(SegmentState.GONE)}")
_EXPIRED: Final = text("expired_utc_us IS NOT NULL")
_DAMAGED: Final = text("damaged_utc_us IS NOT NULL")

PROGRESS: Final = Table(
    "progress",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("applied_size", BigInteger, nullable=False),
    Column("ledger_utc_us", BigInteger, nullable=False),
    Column("longest_us", BigInteger, nullable=False),
    Column("rebuilt_utc_us", BigInteger, nullable=True),
    CheckConstraint("one = 1", name="one_row"),
    comment="How many entries are applied, the latest of their dates, and how long the longest segment is.",
)
"""`rebuilt_utc_us`: when this index was begun in place of one that was damaged or gone; null: nobody lost one."""

SEGMENT: Final = Table(
    "segment",
    METADATA,
    Column("seg", String, primary_key=True),
    Column("camera", String, nullable=False),
    Column("volume", String, nullable=False),
    Column("shard", WHOLE, nullable=False),
    Column("run", String, nullable=False),
    Column("start_utc_us", BigInteger, nullable=False),
    Column("end_utc_us", BigInteger, nullable=False),
    Column("clock_epoch", BigInteger, nullable=False),
    Column("records", WHOLE, nullable=False),
    Column("file_bytes", BigInteger, nullable=False),
    Column("lost_packets", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("point", String, nullable=True),
    Column("placement", String, nullable=True),
    Column("authorisation", String, nullable=True),
    Column("recovered", Boolean, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    Column("state", Integer, nullable=False),
    Column("lost_utc_us", BigInteger, nullable=True),
    Column("lost_why", String, nullable=True),
    Column("continues", String, nullable=True),
    Column("expired_utc_us", BigInteger, nullable=True),
    Column("expire_reason", String, nullable=True),
    Column("damaged_utc_us", BigInteger, nullable=True),
    Column("damaged_why", String, nullable=True),
    CheckConstraint("start_utc_us <= end_utc_us", name="interval"),
    CheckConstraint("state BETWEEN 1 AND 4", name="state"),
    CheckConstraint("length(root) = 32", name="root"),
    Index(None, "camera", "state", "start_utc_us"),
    _in_time_order("sealed", SegmentState.SEALED),
    _in_time_order("doomed", SegmentState.DOOMED),
    _in_time_order("lost", SegmentState.LOST),
    Index(None, "volume", "state", "seg"),
    Index("ix_segment_expired", "expired_utc_us", sqlite_where=_EXPIRED, postgresql_where=_EXPIRED),
    Index("ix_segment_damaged", "seg", sqlite_where=_DAMAGED, postgresql_where=_DAMAGED),
    Index("ix_segment_continued", "camera", "start_utc_us", sqlite_where=_CONTINUED, postgresql_where=_CONTINUED),
)

STRETCH: Final = Table(
    "stretch",
    METADATA,
    Column("camera", String, primary_key=True),
    Column("from_utc_us", BigInteger, primary_key=True, autoincrement=False),
    Column("to_utc_us", BigInteger, nullable=False),
    CheckConstraint("from_utc_us <= to_utc_us", name="interval"),
    comment="Footage without a hole, of the segments that begin on one UTC day: follows from `segment`.",
)

COPY: Final = Table(
    "copy",
    METADATA,
    Column("seg", String, primary_key=True),
    Column("volume", String, nullable=False),
    Column("copied_utc_us", BigInteger, nullable=False),
    Index(None, "volume", "seg"),
    comment="Second files of segments that holds keep, and when the ledger was told of them.",
)

GAP: Final = Table(
    "gap",
    METADATA,
    Column("gap", String, primary_key=True),
    Column("camera", String, nullable=False),
    Column("from_utc_us", BigInteger, nullable=False),
    Column("to_utc_us", BigInteger, nullable=True),
    Column("cause", String, nullable=False),
    Column("detail", String, nullable=True),
    Column("boot", String, nullable=True),
    Column("ledger_index", BigInteger, nullable=False),
    CheckConstraint("to_utc_us IS NULL OR from_utc_us <= to_utc_us", name="interval"),
    Index(None, "camera", "from_utc_us"),
    Index(None, "to_utc_us"),
    comment="boot: the recorder process that told it last; null when the keeper did.",
)

MOVE: Final = Table(
    "move",
    METADATA,
    Column("move", String, primary_key=True),
    Column("camera", String, nullable=False),
    Column("from_utc_us", BigInteger, nullable=False),
    Column("to_utc_us", BigInteger, nullable=True),
    Column("why", String, nullable=False),
    Column("moves", WHOLE, nullable=False),
    CheckConstraint("to_utc_us IS NULL OR from_utc_us <= to_utc_us", name="interval"),
    Index(None, "camera", "from_utc_us"),
    comment="Domes that left the place where they were to stand: from when to when; never where they looked.",
)

HOLD_SCOPE: Final = Table(
    "hold_scope",
    METADATA,
    Column("hold", String, primary_key=True),
    Column("camera", String, primary_key=True),
    Column("from_utc_us", BigInteger, nullable=False),
    Column("to_utc_us", BigInteger, nullable=False),
    Column("until_utc_us", BigInteger, nullable=True),
    Column("ledger_index", BigInteger, nullable=False),
    CheckConstraint("from_utc_us <= to_utc_us", name="interval"),
    Index(None, "camera", "from_utc_us"),
)

STATEMENT: Final = Table(
    "statement",
    METADATA,
    Column("day", String, primary_key=True),
    Column("ledger_index", BigInteger, nullable=False),
    Column("parts", WHOLE, nullable=False),
    comment="Local days whose statement is in the ledger: in so many entries, of which this is the first.",
)

ALLOWANCE: Final = Table(
    "allowance",
    METADATA,
    Column("camera", String, primary_key=True),
    Column("until_utc_us", BigInteger, nullable=False),
    comment="Cameras of which the next pass may destroy more than half; gone once it was used.",
)

DISCARDED: Final = Table(
    "discarded",
    METADATA,
    Column("volume", String, primary_key=True),
    Column("utc_us", BigInteger, nullable=False),
    comment="Volumes that a person took out for good, and when.",
)

CAMERA: Final = Table(
    "camera",
    METADATA,
    Column("camera", String, primary_key=True),
    Column("shard", WHOLE, nullable=False),
    Column("retention_days", Integer, nullable=True),
    Column("retired", Boolean, nullable=False),
)

AUTHORISATION: Final = Table(
    "authorisation",
    METADATA,
    Column("authorisation", String, primary_key=True),
    Column("number", String, nullable=False),
    Column("from_utc_us", BigInteger, nullable=False),
    Column("to_utc_us", BigInteger, nullable=True),
    Column("retention_days", Integer, nullable=False),
    Column("minimum_days", Integer, nullable=True),
    Column("cameras", JSON(none_as_null=True), nullable=True),
    CheckConstraint("retention_days >= 0", name="days"),
)

BOOT: Final = Table(
    "boot",
    METADATA,
    Column("boot", String, primary_key=True),
    Column("shard", WHOLE, nullable=False),
    Column("utc_us", BigInteger, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Index(None, "shard", "utc_us"),
)
