"""How a dome is asked where it looks."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; cameras that are there are not asked."""
    op.add_column("camera", sa.Column("ptz", sa.String(), nullable=True))
