"""When footage was lost, and why; and the lost ones in the order of time, since they are judged like all other."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both columns, empty: an index of before is made anew to have them of footage that is lost already."""
    op.add_column("segment", sa.Column("lost_utc_us", sa.BigInteger(), nullable=True))
    op.add_column("segment", sa.Column("lost_why", sa.String(), nullable=True))
    where = sa.text("state = 4")
    columns = ["start_utc_us", "seg"]
    op.create_index("ix_segment_lost", "segment", columns, sqlite_where=where, postgresql_where=where)
