"""When a segment was destroyed and for which reason, and which days have their statement in the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns, empty: an index of before is made anew to have them of what is destroyed already."""
    op.add_column("segment", sa.Column("expired_utc_us", sa.BigInteger(), nullable=True))
    op.add_column("segment", sa.Column("expire_reason", sa.String(), nullable=True))
    where = sa.text("expired_utc_us IS NOT NULL")
    op.create_index("ix_segment_expired", "segment", ["expired_utc_us"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "statement",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_statement"),
    )
