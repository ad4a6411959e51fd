"""The first schema: acts, and the tables that follow from them.

A migration states the schema as it was: it does not look at `storage.register.tables`, which goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

JSON = sa.JSON(none_as_null=True)
STATES = "'received', 'no-images', 'validated', 'refused', 'released', 'open', 'exported', 'closed'"
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _acts()
    _people_and_places()
    _holds_and_requisitions()
    _grants()


def _acts() -> None:
    op.create_table(
        "act",
        sa.Column("row", ROW_NUMBER, nullable=False),
        sa.Column("act", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("proposal", JSON, nullable=True),
        sa.Column("personal", JSON, nullable=True),
        sa.Column("ledger_index", sa.BigInteger(), nullable=True),
        sa.Column("leaf", sa.String(), nullable=True),
        sa.CheckConstraint("(ledger_index IS NULL) = (leaf IS NULL)", name="leaf_has_index"),
        sa.CheckConstraint("(proposal IS NULL) = (leaf IS NOT NULL)", name="pending_or_done"),
        sa.PrimaryKeyConstraint("row", name="pk_act"),
        sa.UniqueConstraint("act", name="uq_act_act"),
        sa.UniqueConstraint("ledger_index", name="uq_act_ledger_index"),
    )
    op.create_table(
        "progress",
        sa.Column("one", ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("ledger_size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name="one_row"),
        sa.PrimaryKeyConstraint("one", name="pk_progress"),
    )


def _people_and_places() -> None:
    op.create_table(
        "account",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("ends_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("designation", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("since_utc_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_account"),
    )
    op.create_table(
        "authorisation",
        sa.Column("authorisation", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("retention_days", sa.BigInteger(), nullable=False),
        sa.Column("minimum_days", sa.BigInteger(), nullable=True),
        sa.Column("cameras", JSON, nullable=True),
        sa.CheckConstraint("minimum_days IS NULL OR minimum_days <= retention_days", name="days"),
        sa.CheckConstraint("to_utc_us IS NULL OR from_utc_us < to_utc_us", name="interval"),
        sa.PrimaryKeyConstraint("authorisation", name="pk_authorisation"),
    )
    op.create_table(
        "camera",
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("secret", sa.String(), nullable=True),
        sa.Column("shard", sa.BigInteger(), nullable=False),
        sa.Column("retention_days", sa.BigInteger(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.CheckConstraint("shard >= 0", name="shard"),
        sa.PrimaryKeyConstraint("camera", name="pk_camera"),
    )
    op.create_table(
        "point",
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("streets", sa.String(), nullable=True),
        sa.Column("view", sa.String(), nullable=True),
        sa.Column("lat_e7", sa.BigInteger(), nullable=True),
        sa.Column("lon_e7", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("point", name="pk_point"),
    )
    op.create_table(
        "placement",
        sa.Column("placement", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("entered_late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("to_utc_us IS NULL OR from_utc_us <= to_utc_us", name="interval"),
        sa.ForeignKeyConstraint(["camera"], ["camera.camera"], name="fk_placement_camera"),
        sa.ForeignKeyConstraint(["point"], ["point.point"], name="fk_placement_point"),
        sa.PrimaryKeyConstraint("placement", name="pk_placement"),
    )
    op.create_index("ix_placement_camera", "placement", ["camera"])
    op.create_index("ix_placement_point", "placement", ["point"])


def _holds_and_requisitions() -> None:
    op.create_table(
        "hold",
        sa.Column("hold", sa.String(), nullable=False),
        sa.Column("requisition", sa.String(), nullable=True),
        sa.Column("cameras", JSON, nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("until_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.String(), nullable=True),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.CheckConstraint("from_utc_us < to_utc_us", name="interval"),
        sa.PrimaryKeyConstraint("hold", name="pk_hold"),
    )
    op.create_table(
        "requisition",
        sa.Column("requisition", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("hold", sa.String(), nullable=True),
        sa.Column("cameras", JSON, nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("authority", sa.String(), nullable=True),
        sa.Column("authority_number", sa.String(), nullable=True),
        sa.Column("requester", sa.String(), nullable=True),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("received_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=True),
        sa.CheckConstraint(
            f"state IN ({STATES})",
            name="state",
        ),
        sa.CheckConstraint("from_utc_us < to_utc_us", name="interval"),
        sa.PrimaryKeyConstraint("requisition", name="pk_requisition"),
    )
    op.create_index("ix_requisition_hold", "requisition", ["hold"])


def _grants() -> None:
    op.create_table(
        "grant",
        sa.Column("grant", sa.String(), nullable=False),
        sa.Column("requisition", sa.String(), nullable=False),
        sa.Column("cameras", JSON, nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("valid_until_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("opener", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("validated_by", sa.String(), nullable=False),
        sa.Column("release_public", sa.String(), nullable=False),
        sa.Column("checked", sa.String(), nullable=True),
        sa.Column("grant_index", sa.BigInteger(), nullable=False),
        sa.Column("release_index", sa.BigInteger(), nullable=True),
        sa.Column("open_index", sa.BigInteger(), nullable=True),
        sa.Column("segs", JSON, nullable=True),
        sa.CheckConstraint("from_utc_us < to_utc_us", name="interval"),
        sa.ForeignKeyConstraint(["requisition"], ["requisition.requisition"], name="fk_grant_requisition"),
        sa.PrimaryKeyConstraint("grant", name="pk_grant"),
        sa.UniqueConstraint("requisition", name="uq_grant_requisition"),
    )
    op.create_table(
        "export",
        sa.Column("bundle", sa.String(), nullable=False),
        sa.Column("grant", sa.String(), nullable=False),
        sa.Column("requisition", sa.String(), nullable=False),
        sa.Column("manifest", sa.String(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("exported_by", sa.String(), nullable=False),
        sa.Column("exported_utc_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["grant"], ["grant.grant"], name="fk_export_grant"),
        sa.PrimaryKeyConstraint("bundle", name="pk_export"),
    )
    op.create_index("ix_export_grant", "export", ["grant"])
