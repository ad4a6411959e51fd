import json

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from config.database import Location
from storage.register.database import open_database
from storage.register.tables import Act
from tests.storage.register.migrations.versions.test_r0012_revoked_and_reopened_grants import NEVER_ENDED

UNCORRECTED = [f"ALTER TABLE authorisation DROP COLUMN {name}" for name in ("succeeds", "reason")]
UNLIMITED = [f"ALTER TABLE hold DROP COLUMN {name}" for name in ("provisional", "room")]
LEAF = json.dumps({"ts_utc_us": 1_790_000_000_000_001, "v": 1})


def test_acts_of_an_older_register_get_their_times_from_their_entries(location: Location) -> None:
    older = open_database(location)
    with older.begin() as connection:
        tables = ("DROP TABLE commission", "DROP TABLE uncovered")
        later = ("ALTER TABLE camera DROP COLUMN ptz", *tables, *UNCORRECTED, *UNLIMITED, *NEVER_ENDED)
        for statement in ("DROP INDEX ix_act_logged", "ALTER TABLE act DROP COLUMN ts_utc_us", *later):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
        rows = [
            {"row": 1, "act": "a", "type": "hold", "batch": 1, "ledger_index": 7, "leaf": LEAF},
            {"row": 2, "act": "b", "type": "hold", "batch": 2, "proposal": {"t": "hold"}},
        ]
        for row in rows:
            connection.execute(insert(Act).values(row))
    older.dispose()
    with Session(engine := open_database(location)) as session:
        assert session.execute(select(Act.row, Act.ts_utc_us).order_by(Act.row)).all() == [
            (1, 1_790_000_000_000_001),
            (2, None),
        ]
    engine.dispose()
