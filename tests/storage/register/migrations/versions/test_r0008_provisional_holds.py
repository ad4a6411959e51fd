"""A register with holds is brought up to provisional ones, and to decisions without an order."""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from config.database import Location
from storage.register.database import open_database
from storage.register.tables import Hold, Uncovered
from tests.storage.register.migrations.versions.test_r0012_revoked_and_reopened_grants import NEVER_ENDED

BEFORE = (
    "ALTER TABLE hold DROP COLUMN provisional",
    "ALTER TABLE hold DROP COLUMN room",
    "DROP TABLE uncovered",
    *NEVER_ENDED,
    "UPDATE alembic_version SET version_num = '0007'",
)
HOLD = {
    "hold": "h",
    "cameras": ["a"],
    "from_utc_us": 1,
    "to_utc_us": 2,
    "placed_by": "m",
    "placed_utc_us": 3,
    "ended": False,
    "provisional": True,
}


def test_holds_of_an_older_register_wait_for_nobody_and_nothing_was_decided(location: Location) -> None:
    older = open_database(location)
    with older.begin() as connection:
        connection.execute(insert(Hold).values(HOLD))
        for statement in BEFORE:
            connection.exec_driver_sql(statement)
    older.dispose()
    with Session(engine := open_database(location)) as session:
        assert session.execute(select(Hold.hold, Hold.cameras, Hold.provisional, Hold.room)).all() == [
            ("h", ["a"], False, None)
        ]
        assert session.scalars(select(Uncovered)).all() == []
    engine.dispose()
