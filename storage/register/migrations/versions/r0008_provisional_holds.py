"""Which holds wait for a validator, and how much of the room holds kept when they were placed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Holds that are there waited for nobody."""
    op.add_column("hold", sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("hold", sa.Column("room", sa.JSON(none_as_null=True), nullable=True))
