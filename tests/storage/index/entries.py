"""Ledger entries for tests of what follows from the ledger."""

from collections.abc import Iterable

from sqlalchemy import text

from storage.index.tables import METADATA
from storage.index.writer import Index
from storage.ledger.entries import PERSON_TYPES, RECORDER, RECORDER_TYPES, Spool, build, encode
from storage.ledger.machine import Body, Gap
from tests.storage.ledger.samples import HOUR_US, NOW_UTC_US, OFFICER, SIGNATURE, uuid


def leaves(
    bodies: Iterable[Body], *, first: int = 0, boot: str = uuid(0x800), ts_utc_us: int = NOW_UTC_US
) -> list[tuple[int, bytes]]:
    """The bodies as entries from this index on: acts by an officer, a recorder's events spooled by `boot`."""
    entries = []
    for index, body in enumerate(bodies, first):
        spool = None
        if body.t in RECORDER_TYPES:
            spool = Spool(boot=boot, shard=0, n=index, ts_utc_us=ts_utc_us, mono_us=1, late=False, sig=SIGNATURE)
        if body.t in PERSON_TYPES:
            entry = build(body, ts_utc_us=ts_utc_us, actor=OFFICER, act=uuid(0xA000 + index))
        elif spool is not None:
            entry = build(body, ts_utc_us=ts_utc_us, actor=RECORDER, spool=spool)
        else:
            entry = build(body, ts_utc_us=ts_utc_us)
        entries.append((index, encode(entry)))
    return entries


def gap(number: int = 0x400, from_utc_us: int = NOW_UTC_US - HOUR_US, to_utc_us: int | None = None) -> Gap:
    return Gap(
        gap=uuid(number),
        camera="hall-1",
        from_utc_us=from_utc_us,
        to_utc_us=to_utc_us,
        cause="silent",
        detail=None,
    )


def dump(index: Index) -> dict[str, list[object]]:
    """Everything that the index holds."""
    with index._engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2"))]
            for name in METADATA.tables
        }
