"""When domes were not where they were to stand."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the table, empty: an index of before is made anew to have what was told already."""
    op.create_table(
        "move",
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("moves", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("to_utc_us IS NULL OR from_utc_us <= to_utc_us", name="ck_move_interval"),
        sa.PrimaryKeyConstraint("move", name="pk_move"),
        comment="Domes that left the place where they were to stand: from when to when; never where they looked.",
    )
    op.create_index("ix_move_camera_from_utc_us", "move", ["camera", "from_utc_us"])
