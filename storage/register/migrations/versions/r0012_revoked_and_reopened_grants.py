"""Grants that were revoked or reopened, and which keys of which seats opened them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; nothing was revoked or reopened before, and no entry said which keys it was."""
    op.add_column("grant", sa.Column("used", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("grant", sa.Column("opened_utc_us", sa.BigInteger(), nullable=True))
    op.add_column("grant", sa.Column("reopens", sa.BigInteger(), nullable=True))
    op.add_column("grant", sa.Column("revoked_by", sa.String(), nullable=True))
    op.add_column("grant", sa.Column("revoked_utc_us", sa.BigInteger(), nullable=True))
    op.add_column("grant", sa.Column("revocation", sa.String(), nullable=True))
