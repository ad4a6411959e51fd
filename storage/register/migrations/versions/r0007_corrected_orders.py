"""Which order an order renews, and why it was corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing was said of it before."""
    op.add_column("authorisation", sa.Column("succeeds", sa.String(), nullable=True))
    op.add_column("authorisation", sa.Column("reason", sa.String(), nullable=True))
