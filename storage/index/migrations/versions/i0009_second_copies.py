"""Second copies of held segments."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table, empty: no copy was made before."""
    op.create_table(
        "copy",
        sa.Column("seg", sa.String(), nullable=False),
        sa.Column("volume", sa.String(), nullable=False),
        sa.Column("copied_utc_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seg", name="pk_copy"),
        comment="Second files of segments that holds keep, and when the ledger was told of them.",
    )
    op.create_index("ix_copy_volume_seg", "copy", ["volume", "seg"])
