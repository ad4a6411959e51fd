"""Which segment the first group of pictures of a segment began in; those that have one, by camera and time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column, empty: an index of before is made anew to have it of what is sealed already."""
    op.add_column("segment", sa.Column("continues", sa.String(), nullable=True))
    where = sa.text("continues IS NOT NULL AND state != 3")
    columns = ["camera", "start_utc_us"]
    op.create_index("ix_segment_continued", "segment", columns, sqlite_where=where, postgresql_where=where)
