"""Which camera another one replaces."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; cameras that are there replaced none."""
    op.add_column("camera", sa.Column("replaces", sa.String(), nullable=True))
