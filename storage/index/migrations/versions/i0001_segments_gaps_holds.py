"""The first schema: segments, gaps, holds, and what retention asks of cameras and orders.

A migration states the schema as it was: it does not look at `storage.index.tables`, which goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _segment()
    _gap()
    _hold_scope()
    _retention()
    progress = op.create_table(
        "progress",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("applied_size", sa.BigInteger(), nullable=False),
        sa.Column("ledger_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("longest_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_progress_one_row")),
        sa.PrimaryKeyConstraint("one", name="pk_progress"),
    )
    op.bulk_insert(progress, [{"one": 1, "applied_size": 0, "ledger_utc_us": 0, "longest_us": 0}])


def _segment() -> None:
    op.create_table(
        "segment",
        sa.Column("seg", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("volume", sa.String(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("start_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("end_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("clock_epoch", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("lost_packets", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("point", sa.String(), nullable=True),
        sa.Column("placement", sa.String(), nullable=True),
        sa.Column("authorisation", sa.String(), nullable=True),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.CheckConstraint("start_utc_us <= end_utc_us", name=op.f("ck_segment_interval")),
        sa.CheckConstraint("state BETWEEN 1 AND 4", name=op.f("ck_segment_state")),
        sa.CheckConstraint("length(root) = 32", name=op.f("ck_segment_root")),
        sa.PrimaryKeyConstraint("seg", name="pk_segment"),
    )
    op.create_index("ix_segment_camera_state_start_utc_us", "segment", ["camera", "state", "start_utc_us"])
    for name, state in (("ix_segment_sealed", "state = 1"), ("ix_segment_doomed", "state = 2")):
        where = sa.text(state)
        columns = ["start_utc_us", "seg"]
        op.create_index(name, "segment", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_segment_volume_state_seg", "segment", ["volume", "state", "seg"])


def _gap() -> None:
    op.create_table(
        "gap",
        sa.Column("gap", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("boot", sa.String(), nullable=True),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("to_utc_us IS NULL OR from_utc_us <= to_utc_us", name=op.f("ck_gap_interval")),
        sa.PrimaryKeyConstraint("gap", name="pk_gap"),
    )
    op.create_index("ix_gap_camera_from_utc_us", "gap", ["camera", "from_utc_us"])
    op.create_index("ix_gap_to_utc_us", "gap", ["to_utc_us"])


def _hold_scope() -> None:
    op.create_table(
        "hold_scope",
        sa.Column("hold", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("until_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_utc_us <= to_utc_us", name=op.f("ck_hold_scope_interval")),
        sa.PrimaryKeyConstraint("hold", "camera", name="pk_hold_scope"),
    )
    op.create_index("ix_hold_scope_camera_from_utc_us", "hold_scope", ["camera", "from_utc_us"])


def _retention() -> None:
    op.create_table(
        "camera",
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("camera", name="pk_camera"),
    )
    op.create_table(
        "authorisation",
        sa.Column("authorisation", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("minimum_days", sa.Integer(), nullable=True),
        sa.Column("cameras", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("retention_days >= 0", name=op.f("ck_authorisation_days")),
        sa.PrimaryKeyConstraint("authorisation", name="pk_authorisation"),
    )
    op.create_table(
        "boot",
        sa.Column("boot", sa.String(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("utc_us", sa.BigInteger(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("boot", name="pk_boot"),
    )
    op.create_index("ix_boot_shard_utc_us", "boot", ["shard", "utc_us"])
