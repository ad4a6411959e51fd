"""An index of any size, as 113 cameras leave it over the years: the last 30 days are there, what is older is gone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, insert, text, update

from config.database import Location
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage import databases
from storage.index.database import SCHEMA
from storage.index.stretches import Day, joined
from storage.index.tables import CAMERA, GAP, PROGRESS, SEGMENT, STRETCH, SegmentState
from storage.ledger.entries import RECORDER, Spool, build, encode
from storage.ledger.machine import Expire, Seal

CAMERAS: Final = 113
DAYS: Final = 30
START_UTC_US: Final = 20_000 * US_PER_DAY
LENGTH_US: Final = 300 * US_PER_SECOND
_CHUNK: Final = 100_000
_COLUMNS: Final = (
    "seg",
    "camera",
    "volume",
    "shard",
    "run",
    "start_utc_us",
    "end_utc_us",
    "clock_epoch",
    "records",
    "file_bytes",
    "lost_packets",
    "root",
    "point",
    "placement",
    "authorisation",
    "recovered",
    "ledger_index",
    "state",
    "expired_utc_us",
    "expire_reason",
)
"""What `_rows` fills; the others are null."""
_STATE_AT: Final = _COLUMNS.index("state")
_UUID: Final = "{:012x}7000800000{:010x}"
_SIGNATURE: Final = "A" * 86 + "=="


def fill(location: Location, segments: int) -> None:
    """Put about so many segments in an index that is empty: every camera has one hole a day, told by a gap."""
    engine = databases.open_for_writing(location, SCHEMA)
    with engine.begin() as connection:
        for index in SEGMENT.indexes:
            index.drop(connection)
    rows = _rows(segments)
    while chunk := list(islice(rows, _CHUNK)):
        with engine.begin() as connection:
            _insert(connection, chunk)
    with engine.begin() as connection:
        for index in SEGMENT.indexes:
            index.create(connection)
        cameras = [{"camera": _camera(n), "shard": 0, "retention_days": None, "retired": False} for n in range(CAMERAS)]
        connection.execute(insert(CAMERA), cameras)
        connection.execute(insert(GAP), list(_gaps(segments)))
        connection.execute(insert(STRETCH), list(_stretches(segments)))
        now = now_utc_us(segments)
        connection.execute(update(PROGRESS).values(applied_size=segments, ledger_utc_us=now, longest_us=LENGTH_US))
    if engine.dialect.name == "postgresql":  # as autovacuum does it
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) segment, stretch, gap, camera"))
    engine.dispose()


def seals(segments: int, count: int) -> list[tuple[int, bytes]]:
    """The entries of the segments that come after those."""
    spool = Spool(boot=_UUID.format(1, 1), shard=0, n=0, ts_utc_us=START_UTC_US, mono_us=1, late=False, sig=_SIGNATURE)
    entries = []
    for number in range(segments, segments + count):
        slot, camera = divmod(number, CAMERAS)
        start = START_UTC_US + slot * LENGTH_US
        body = Seal(
            seg=_seg(start, camera),
            camera=_camera(camera),
            run=_UUID.format(1, camera),
            volume=_UUID.format(2, camera % 8),
            shard=0,
            start_utc_us=start,
            end_utc_us=start + LENGTH_US,
            clock_epoch=1,
            records=150,
            root="00" * 32,
            hh="00" * 32,
            file_bytes=150_000_000,
            ct_bytes=149_000_000,
            lost=0,
            key_record="00" * 32,
            set="00" * 32,
            point="p-17",
            placement="p-17-2026",
            authorisation="order-2026-4",
            recovered=False,
        )
        entries.append((number, encode(build(body, ts_utc_us=START_UTC_US, actor=RECORDER, spool=spool))))
    return entries


def expires(count: int, segments: int, each: int) -> list[tuple[int, bytes]]:
    """Entries that doom the oldest segments, so many with each, behind `count` further entries; twenty of them."""
    first = max(0, segments - DAYS * US_PER_DAY // LENGTH_US * CAMERAS)
    sealed = range(first, first + 20 * each)
    oldest = [_seg(START_UTC_US + number // CAMERAS * LENGTH_US, number % CAMERAS) for number in sealed]
    bodies = [
        Expire(segs=tuple(oldest[at : at + each]), reason="cap", deadline_utc_us=START_UTC_US)
        for at in range(0, len(oldest), each)
    ]
    return [(segments + count + at, encode(build(body, ts_utc_us=START_UTC_US))) for at, body in enumerate(bodies)]


def _insert(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        statement: Any = insert(SEGMENT).compile(dialect=connection.dialect, column_keys=list(_COLUMNS))
        assert statement.positiontup == list(_COLUMNS)  # rows stand in the order of the table
        cursor.executemany(str(statement), rows)
        return
    with cursor.copy(f"COPY segment ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _rows(segments: int) -> Iterator[tuple[Any, ...]]:
    per_day = US_PER_DAY // LENGTH_US
    kept = now_utc_us(segments) - DAYS * US_PER_DAY
    root = bytes(32)
    for number in range(segments):
        slot, camera = divmod(number, CAMERAS)
        if slot % per_day == camera % per_day:
            continue
        start = START_UTC_US + slot * LENGTH_US
        is_gone = start < kept
        end_of_life = (start + DAYS * US_PER_DAY, "cap") if is_gone else (None, None)
        state = SegmentState.GONE if is_gone else SegmentState.SEALED
        names = _seg(start, camera), _camera(camera), _UUID.format(2, camera % 8), 0, _UUID.format(1, camera)
        sizes = start, start + LENGTH_US, 1, 150, 150_000_000, 0, root
        yield (
            *names,
            *sizes,
            "p-17",
            "p-17-2026",
            "order-2026-4",
            False,
            number,
            int(state),
            *end_of_life,
        )


def _stretches(segments: int) -> Iterator[dict[str, Any]]:
    days: dict[Day, list[tuple[int, int]]] = defaultdict(list)
    for row in _rows(segments):
        if row[_STATE_AT] == SegmentState.SEALED:
            days[Day.of(row[1], row[5])].append((row[5], row[6]))
    for day, intervals in days.items():
        for start, end in joined(intervals):
            yield {"camera": day.camera, "from_utc_us": start, "to_utc_us": end}


def _gaps(segments: int) -> Iterator[dict[str, Any]]:
    per_day = US_PER_DAY // LENGTH_US
    for day in range(segments // CAMERAS // per_day):
        for camera in range(CAMERAS):
            start = START_UTC_US + (day * per_day + camera % per_day) * LENGTH_US
            yield {
                "gap": _seg(start, camera),
                "camera": _camera(camera),
                "from_utc_us": start,
                "to_utc_us": start + LENGTH_US,
                "cause": "silent",
                "ledger_index": 0,
            }


def now_utc_us(segments: int) -> int:
    """When the last of so many segments ends."""
    return START_UTC_US + segments // CAMERAS * LENGTH_US


def _seg(start_utc_us: int, camera: int) -> str:
    return _UUID.format(start_utc_us // 1000, camera)


def _camera(number: int) -> str:
    return f"cam-{number + 1}"
