"""What kind of camera it is, and whether it was taken down."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; cameras that are there are fixed ones, and stand where they stood."""
    op.add_column("camera", sa.Column("kind", sa.String(), nullable=False, server_default="fixed"))
    op.add_column("camera", sa.Column("absent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("camera", sa.Column("absent_reason", sa.String(), nullable=True))
