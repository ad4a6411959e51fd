"""Which cameras may lose more than half of their footage, since a person looked and allowed it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "allowance",
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("until_utc_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("camera", name="pk_allowance"),
    )
