"""The database itself refuses rows that make no sense."""

from pathlib import Path

import pytest
from sqlalchemy import Table, insert
from sqlalchemy.exc import IntegrityError

from config.database import Location
from storage.index.database import open_database
from storage.index.tables import GAP, HOLD_SCOPE, PROGRESS, SEGMENT

SEGMENT_ROW = {
    "seg": "s",
    "camera": "a",
    "volume": "v",
    "shard": 0,
    "run": "r",
    "start_utc_us": 5,
    "end_utc_us": 9,
    "clock_epoch": 1,
    "records": 1,
    "file_bytes": 1,
    "lost_packets": 0,
    "root": bytes(32),
    "recovered": False,
    "ledger_index": 1,
    "state": 1,
}
GAP_ROW = {"gap": "g", "camera": "a", "from_utc_us": 5, "to_utc_us": 9, "cause": "silent", "ledger_index": 1}
HOLD_ROW = {"hold": "h", "camera": "a", "from_utc_us": 5, "to_utc_us": 9, "ledger_index": 1}
PROGRESS_ROW = {"one": 2, "applied_size": 0, "ledger_utc_us": 0, "longest_us": 0}


@pytest.mark.parametrize(
    ("table", "row", "bad"),
    [
        (SEGMENT, SEGMENT_ROW, {"end_utc_us": 4}),
        (SEGMENT, SEGMENT_ROW, {"state": 5}),
        (SEGMENT, SEGMENT_ROW, {"root": bytes(31)}),
        (GAP, GAP_ROW, {"to_utc_us": 4}),
        (HOLD_SCOPE, HOLD_ROW, {"to_utc_us": 4}),
        (PROGRESS, {**PROGRESS_ROW, "one": 1}, {"one": 2}),
    ],
)
def test_row_that_makes_no_sense_is_refused(
    location: Location, table: Table, row: dict[str, object], bad: dict[str, object]
) -> None:
    engine = open_database(location)
    with pytest.raises(IntegrityError, match=r"(?i)check"), engine.begin() as connection:
        connection.execute(insert(table).values(**row | bad))
    if table is not PROGRESS:
        with engine.begin() as connection:
            connection.execute(insert(table).values(**row))
    engine.dispose()


def test_days_question_walks_the_cameras_own_stretch(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "index.db")
    question = "SELECT * FROM segment WHERE camera = ? AND start_utc_us < ? AND start_utc_us >= ? AND state IN (?)"
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", ("a", 9, 1, 1)).all()
    engine.dispose()
    assert "ix_segment_camera_state_start_utc_us" in plan[0][3]
