"""A register with grants is brought up to those that can be revoked and reopened."""

from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from config.database import Location
from storage.register.database import open_database
from storage.register.tables import Grant, Requisition

ADDED: Final = ("used", "opened_utc_us", "reopens", "revoked_by", "revoked_utc_us", "revocation")
NEVER_ENDED: Final = [f'ALTER TABLE "grant" DROP COLUMN {name}' for name in ADDED]
"""Takes away what this migration adds."""

TIMES = {"from_utc_us": 1, "to_utc_us": 2}
REQUISITION = {
    "requisition": "R",
    "state": "open",
    "cameras": ["a"],
    "requested_by": "o",
    "received_utc_us": 1,
    **TIMES,
}
GRANT = {
    "grant": "g",
    "requisition": "R",
    "cameras": ["a"],
    "valid_until_utc_us": 9,
    "opener": "o",
    "requested_by": "o",
    "validated_by": "v",
    "release_public": "AAAA",
    "grant_index": 5,
    **TIMES,
}


def test_grants_of_an_older_register_were_neither_revoked_nor_reopened(location: Location) -> None:
    older = open_database(location)
    with older.begin() as connection:
        connection.execute(insert(Requisition).values(REQUISITION))
        connection.execute(insert(Grant).values(GRANT))
        for statement in (*NEVER_ENDED, "UPDATE alembic_version SET version_num = '0009'"):
            connection.exec_driver_sql(statement)
    older.dispose()
    with Session(engine := open_database(location)) as session:
        row = session.scalars(select(Grant)).one()
        assert [getattr(row, name) for name in ADDED] == [None] * len(ADDED)
        assert (row.grant, row.grant_index) == ("g", 5)
    engine.dispose()
