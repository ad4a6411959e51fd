"""Volumes that a person took out for good."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table, empty: no volume was taken out before."""
    op.create_table(
        "discarded",
        sa.Column("volume", sa.String(), nullable=False),
        sa.Column("utc_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("volume", name="pk_discarded"),
        comment="Volumes that a person took out for good, and when.",
    )
