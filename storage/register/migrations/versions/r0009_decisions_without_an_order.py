"""Who decided to record cameras without an order, why and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table; nothing was decided before it."""
    op.create_table(
        "uncovered",
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("cameras", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("until_utc_us", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("decision", name="pk_uncovered"),
    )
