"""When the ledger took each act, as its entry says: policy asks for the latest at every part of a bundle."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column and its index, and take the times out of the entries."""
    op.add_column("act", sa.Column("ts_utc_us", sa.BigInteger(), nullable=True))
    act = sa.table("act", sa.column("row"), sa.column("leaf"), sa.column("ts_utc_us"))
    connection = op.get_bind()
    done = connection.execute(sa.select(act.c.row, act.c.leaf).where(act.c.leaf.is_not(None))).all()
    times = [{"of": row, "ts": json.loads(leaf)["ts_utc_us"]} for row, leaf in done]
    if times:
        filled = sa.update(act).where(act.c.row == sa.bindparam("of")).values(ts_utc_us=sa.bindparam("ts"))
        connection.execute(filled, times)
    op.create_index("ix_act_logged", "act", ["ledger_index", "ts_utc_us"])
