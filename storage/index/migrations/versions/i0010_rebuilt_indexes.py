"""When the index was made anew because it was damaged or gone."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column, empty: nobody knows it of an index that is there."""
    op.add_column("progress", sa.Column("rebuilt_utc_us", sa.BigInteger(), nullable=True))
