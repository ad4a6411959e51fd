"""When cameras were aimed, and not recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table; nothing was entered before it."""
    op.create_table(
        "commission",
        sa.Column("commission", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("until_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.CheckConstraint("from_utc_us <= until_utc_us", name=op.f("ck_commission_interval")),
        sa.ForeignKeyConstraint(["camera"], ["camera.camera"], name="fk_commission_camera"),
        sa.PrimaryKeyConstraint("commission", name="pk_commission"),
    )
    op.create_index("ix_commission_camera", "commission", ["camera"])
