"""Stretches of footage, whole numbers as wide as the ledger's, and the comments that PostgreSQL keeps.

The stretches of segments that are there are derived by the database itself, which may have millions of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

DERIVE = """
INSERT INTO stretch (camera, from_utc_us, to_utc_us)
SELECT camera, min(start_utc_us), max(end_utc_us) FROM (
    SELECT camera, day, start_utc_us, end_utc_us,
        sum(begins) OVER (PARTITION BY camera, day ORDER BY start_utc_us, seg) AS number
    FROM (
        SELECT camera, start_utc_us / 86400000000 AS day, start_utc_us, end_utc_us, seg,
            CASE WHEN start_utc_us <= 1000000 + max(end_utc_us) OVER (
                PARTITION BY camera, start_utc_us / 86400000000 ORDER BY start_utc_us, seg
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) THEN 0 ELSE 1 END AS begins
        FROM segment WHERE state = 1
    ) AS marked
) AS numbered
GROUP BY camera, day, number
"""

COMMENTS = {
    "progress": "How many entries are applied, the latest of their dates, and how long the longest segment is.",
    "gap": "boot: the recorder process that told it last; null when the keeper did.",
    "statement": "Local days whose statement is in the ledger: in so many entries, of which this is the first.",
    "allowance": "Cameras of which the next pass may destroy more than half; gone once it was used.",
}
WHOLE = (("segment", "shard"), ("segment", "records"), ("camera", "shard"), ("boot", "shard"), ("statement", "parts"))


def upgrade() -> None:
    """Make the table and fill it."""
    op.create_table(
        "stretch",
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("from_utc_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_utc_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_utc_us <= to_utc_us", name=op.f("ck_stretch_interval")),
        sa.PrimaryKeyConstraint("camera", "from_utc_us", name="pk_stretch"),
        comment="Footage without a hole, of the segments that begin on one UTC day: follows from `segment`.",
    )
    op.execute(DERIVE)
    if op.get_bind().dialect.name == "postgresql":
        for table, column in WHOLE:
            op.alter_column(table, column, type_=sa.BigInteger())
        for table, comment in COMMENTS.items():
            op.create_table_comment(table, comment)
