"""The register's tables: `act` is the record, all others follow from it in ledger order.

Instants are UTC microseconds, lists are JSON. Only personal values are ever erased; no row is deleted by an act.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

JSON_OR_NULL: Final = JSON(none_as_null=True)
ROW_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is INTEGER."""

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints have names, so that a migration can change them."""


class RequisitionState(StrEnum):
    """How far a requisition has come (DESIGN.md "From requisition to bundle")."""

    RECEIVED = "received"
    NO_IMAGES = "no-images"
    """Answered: nothing of what it asks for exists."""
    VALIDATED = "validated"
    REFUSED = "refused"
    RELEASED = "released"
    OPEN = "open"
    EXPORTED = "exported"
    CLOSED = "closed"


class Table(DeclarativeBase):
    """The declarative base."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy reads this attribute of the class
        int: BigInteger,
        dict[str, Any]: JSON_OR_NULL,
        list[str]: JSON_OR_NULL,
        list[dict[str, Any]]: JSON_OR_NULL,
    }


class Act(Table):
    """An entry that access proposed, or that was replayed from the ledger.

    Pending: `proposal` holds what was sent (docs/design/processes.md, `append`). Done: `leaf` holds the entry's exact
    text, `ts_utc_us` the time in it. `batch` is the row of the first entry of its group. `personal` is null where it
    was erased.
    """

    __tablename__ = "act"
    __table_args__ = (
        CheckConstraint("(ledger_index IS NULL) = (leaf IS NULL)", name="leaf_has_index"),
        CheckConstraint("(proposal IS NULL) = (leaf IS NOT NULL)", name="pending_or_done"),
        Index("ix_act_logged", "ledger_index", "ts_utc_us"),
    )

    row: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True)
    act: Mapped[str | None] = mapped_column(unique=True)
    type: Mapped[str]
    batch: Mapped[int]
    proposal: Mapped[dict[str, Any] | None]
    personal: Mapped[dict[str, Any] | None]
    ledger_index: Mapped[int | None] = mapped_column(unique=True)
    leaf: Mapped[str | None]
    ts_utc_us: Mapped[int | None]


class Progress(Table):
    """How many entries of the ledger the register has seen; one row."""

    __tablename__ = "progress"
    __table_args__ = (CheckConstraint("one = 1", name="one_row"),)

    one: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=False)
    ledger_size: Mapped[int]


class Account(Table):
    """A person who may log in. Names are null where they were erased; without a hash nobody logs in."""

    __tablename__ = "account"

    account: Mapped[str] = mapped_column(primary_key=True)
    roles: Mapped[list[str]]
    ends_utc_us: Mapped[int | None]
    disabled: Mapped[bool]
    person: Mapped[str | None]
    service: Mapped[str | None]
    designation: Mapped[str | None]
    password_hash: Mapped[str | None]
    since_utc_us: Mapped[int]


class Point(Table):
    """A numbered place of the prefect's order; `streets` is one text, as the order has it."""

    __tablename__ = "point"

    point: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    district: Mapped[str | None]
    address: Mapped[str | None]
    streets: Mapped[str | None]
    view: Mapped[str | None]
    lat_e7: Mapped[int | None]
    lon_e7: Mapped[int | None]


class Camera(Table):
    """A device. `url` holds no user and no password; `secret` names the entry of the secrets file that does.

    `replaces` is the camera whose place this one took. `absent_reason` is null where it was erased; `ptz`
    is what `config.ptz` writes, null for a camera that is not asked where it looks.
    """

    __tablename__ = "camera"
    __table_args__ = (CheckConstraint("shard >= 0", name="shard"),)

    camera: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str | None]
    secret: Mapped[str | None]
    shard: Mapped[int]
    retention_days: Mapped[int | None]
    retired: Mapped[bool]
    replaces: Mapped[str | None]
    kind: Mapped[str]
    absent: Mapped[bool]
    absent_reason: Mapped[str | None]
    ptz: Mapped[str | None]


class Placement(Table):
    """A camera at a point, from one instant to another; `to_utc_us` null while it stands there."""

    __tablename__ = "placement"
    __table_args__ = (CheckConstraint("to_utc_us IS NULL OR from_utc_us <= to_utc_us", name="interval"),)

    placement: Mapped[str] = mapped_column(primary_key=True)
    camera: Mapped[str] = mapped_column(ForeignKey("camera.camera"), index=True)
    point: Mapped[str] = mapped_column(ForeignKey("point.point"), index=True)
    from_utc_us: Mapped[int]
    to_utc_us: Mapped[int | None]
    entered_late: Mapped[bool]
    reason: Mapped[str | None]


class Commission(Table):
    """A time in which a person aims a camera and nothing of it is recorded; of a camera's, the last begun counts."""

    __tablename__ = "commission"
    __table_args__ = (CheckConstraint("from_utc_us <= until_utc_us", name="interval"),)

    commission: Mapped[str] = mapped_column(primary_key=True)
    camera: Mapped[str] = mapped_column(ForeignKey("camera.camera"), index=True)
    from_utc_us: Mapped[int]
    until_utc_us: Mapped[int]
    reason: Mapped[str | None]
    begun_by: Mapped[str]
    ended_by: Mapped[str | None]
    """Who ended it early."""


class Authorisation(Table):
    """A prefect's order; `cameras` null means all, `reason` says why it was corrected last."""

    __tablename__ = "authorisation"
    __table_args__ = (
        CheckConstraint("to_utc_us IS NULL OR from_utc_us < to_utc_us", name="interval"),
        CheckConstraint("minimum_days IS NULL OR minimum_days <= retention_days", name="days"),
    )

    authorisation: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    from_utc_us: Mapped[int]
    to_utc_us: Mapped[int | None]
    retention_days: Mapped[int]
    minimum_days: Mapped[int | None]
    cameras: Mapped[list[str] | None]
    succeeds: Mapped[str | None]
    reason: Mapped[str | None]


class Uncovered(Table):
    """A decision of a person to record these cameras without an order; of a camera's, the last counts."""

    __tablename__ = "uncovered"

    decision: Mapped[str] = mapped_column(primary_key=True)
    cameras: Mapped[list[str]]
    decided_by: Mapped[str]
    decided_utc_us: Mapped[int]
    until_utc_us: Mapped[int]
    reason: Mapped[str | None]


class Hold(Table):
    """Footage that may not be destroyed, until `until_utc_us` while nobody validated it, and no more once `ended`.

    `provisional`: a validator has still to confirm it; `room` is what holds kept when it was placed
    (`storage.ledger.people.RoomKept`).
    """

    __tablename__ = "hold"
    __table_args__ = (CheckConstraint("from_utc_us < to_utc_us", name="interval"),)

    hold: Mapped[str] = mapped_column(primary_key=True)
    requisition: Mapped[str | None]
    cameras: Mapped[list[str]]
    from_utc_us: Mapped[int]
    to_utc_us: Mapped[int]
    basis: Mapped[str | None]
    until_utc_us: Mapped[int | None]
    asked_by: Mapped[str | None]
    placed_by: Mapped[str]
    placed_utc_us: Mapped[int]
    ended: Mapped[bool]
    end_reason: Mapped[str | None]
    provisional: Mapped[bool]
    room: Mapped[dict[str, Any] | None]


class Requisition(Table):
    """A request of a judicial authority. Texts on persons and numbers are null where they were erased."""

    __tablename__ = "requisition"
    __table_args__ = (
        CheckConstraint("from_utc_us < to_utc_us", name="interval"),
        CheckConstraint(f"state IN ({', '.join(repr(state.value) for state in RequisitionState)})", name="state"),
    )

    requisition: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    hold: Mapped[str | None] = mapped_column(index=True)
    cameras: Mapped[list[str]]
    from_utc_us: Mapped[int]
    to_utc_us: Mapped[int]
    place: Mapped[str | None]
    basis: Mapped[str | None]
    authority: Mapped[str | None]
    authority_number: Mapped[str | None]
    requester: Mapped[str | None]
    document: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]
    requested_by: Mapped[str]
    received_utc_us: Mapped[int]
    decided_by: Mapped[str | None]
    decided_utc_us: Mapped[int | None]
    refusal: Mapped[str | None]


class Grant(Table):
    """What was validated. `segs` are the segments of all its releases, `release_index` is the first of these.

    `grant_index` is its newest entry: the one that reopened it, if one did. `used` is which keys of which seats opened
    it (`storage.ledger.machine.SeatUsed`), before it was reopened too, and `opened_utc_us` when they did last.
    """

    __tablename__ = "grant"
    __table_args__ = (CheckConstraint("from_utc_us < to_utc_us", name="interval"),)

    grant: Mapped[str] = mapped_column(primary_key=True)
    requisition: Mapped[str] = mapped_column(ForeignKey("requisition.requisition"), unique=True)
    cameras: Mapped[list[str]]
    from_utc_us: Mapped[int]
    to_utc_us: Mapped[int]
    valid_until_utc_us: Mapped[int]
    opener: Mapped[str]
    requested_by: Mapped[str]
    validated_by: Mapped[str]
    release_public: Mapped[str]
    checked: Mapped[str | None]
    grant_index: Mapped[int]
    release_index: Mapped[int | None]
    open_index: Mapped[int | None]
    segs: Mapped[list[str] | None]
    used: Mapped[list[dict[str, Any]] | None]
    opened_utc_us: Mapped[int | None]
    reopens: Mapped[int | None]
    revoked_by: Mapped[str | None]
    revoked_utc_us: Mapped[int | None]
    revocation: Mapped[str | None]


class Export(Table):
    """A bundle that was made."""

    __tablename__ = "export"

    bundle: Mapped[str] = mapped_column(primary_key=True)
    grant: Mapped[str] = mapped_column(ForeignKey("grant.grant"), index=True)
    requisition: Mapped[str]
    manifest: Mapped[str]
    files: Mapped[int]
    bytes: Mapped[int]
    exported_by: Mapped[str]
    exported_utc_us: Mapped[int]


PROJECTIONS: Final = (
    Export,
    Grant,
    Requisition,
    Hold,
    Uncovered,
    Authorisation,
    Commission,
    Placement,
    Camera,
    Point,
    Account,
)
"""The tables that follow from `act`, those that refer to others first."""
