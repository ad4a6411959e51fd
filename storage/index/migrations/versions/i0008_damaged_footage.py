"""Since when the file of a segment is known not to be what was sealed, and what is wrong with it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns, empty: what is damaged is found by the next check."""
    op.add_column("segment", sa.Column("damaged_utc_us", sa.BigInteger(), nullable=True))
    op.add_column("segment", sa.Column("damaged_why", sa.String(), nullable=True))
    where = sa.text("damaged_utc_us IS NOT NULL")
    op.create_index("ix_segment_damaged", "segment", ["seg"], sqlite_where=where, postgresql_where=where)
