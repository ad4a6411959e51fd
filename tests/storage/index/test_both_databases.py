"""Every question to the index has one answer, whichever database holds it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY
from storage.index import on_evidence
from storage.index.on_volume import Total, held_on
from storage.index.queries import IndexReader
from storage.index.rows import ToCheck
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.ledger import people
from storage.ledger.machine import Body, Boot, Copied, Damaged, Expire, Expired, Missing, Seal
from tests.storage.index.entries import gap, leaves
from tests.storage.ledger.samples import ENTRIES, HOUR_US, KEY, NOW_UTC_US, hash_of, hold, seal, uuid
from tools.postgresql_server import Server

CAMERA = CameraId("hall-1")
VOLUME, EVIDENCE = uuid(0x300), uuid(0x302)
DAY_AGO = NOW_UTC_US - US_PER_DAY
EVERY = tuple(SegmentState)


def day(number: int, **more: object) -> Seal:
    """One segment on each of the last days, the greatest number the latest; as big as a petabyte."""
    start = NOW_UTC_US - (20 - number) * US_PER_DAY - HOUR_US
    return seal(number, start_utc_us=start).model_copy(update={"file_bytes": 2**50, **more})


STORY: tuple[Body, ...] = (
    Boot(public=KEY, sw="s", shards=1, utc_us=1, mono_us=1),
    ENTRIES["authorisation"].body.model_copy(update={"cameras": ("hall-1", "other")}),
    ENTRIES["statement"].body,
    people.Allow(camera="hall-1", reason=hash_of(7), until_utc_us=NOW_UTC_US + 1),
    *(day(number) for number in range(1, 13)),
    day(13, continues=uuid(12)),
    day(14, camera="other"),
    day(15, camera="other", volume=uuid(0x301)),
    gap(1, DAY_AGO, NOW_UTC_US),
    gap(2, NOW_UTC_US),
    Missing(seg=uuid(5), camera="hall-1", start_utc_us=1, end_utc_us=2, why="not on its volume"),
    Missing(seg=uuid(3), camera="hall-1", start_utc_us=1, end_utc_us=2, why="disk lost"),
    Damaged(seg=uuid(6), camera="hall-1", start_utc_us=1, end_utc_us=2, why="hash of the record"),
    Expire(segs=tuple(map(uuid, (1, 2, 3, 12, 14))), reason="cap", deadline_utc_us=1),
    Expired(segs=(uuid(2), uuid(3), uuid(14)), bytes=1, cameras=()),
    hold().model_copy(update={"from_utc_us": NOW_UTC_US - 7 * US_PER_DAY - HOUR_US, "to_utc_us": NOW_UTC_US}),
    Copied(volume=EVIDENCE, segs=(uuid(4), uuid(10), uuid(11), uuid(13))),
    Missing(seg=uuid(11), camera="hall-1", start_utc_us=1, end_utc_us=2, why="disk lost", volume=VOLUME),
    Damaged(seg=uuid(10), camera="hall-1", start_utc_us=1, end_utc_us=2, why="hash of the record"),
)

TO_CHECK: Final = ToCheck(VOLUME, frozenset({CAMERA}), 0, NOW_UTC_US)
COPIES: Final = ToCheck(EVIDENCE, frozenset({CAMERA}), 0, NOW_UTC_US)

QUESTIONS: Final[Mapping[str, Callable[[IndexReader], Any]]] = MappingProxyType(
    {
        "answer": lambda index: index.answer(lambda connection: held_on(connection, VOLUME, NOW_UTC_US)),
        "allowed": lambda index: index.allowed(NOW_UTC_US),
        "begun_before": lambda index: [
            index.begun_before(NOW_UTC_US, state, 3, (DAY_AGO - 13 * US_PER_DAY, "")) for state in EVERY
        ],
        "bytes_by_day": lambda index: sorted(index.bytes_by_day(VOLUME)),
        "cameras": IndexReader.cameras,
        "continuing": lambda index: index.continuing(NOW_UTC_US),
        "coverage": lambda index: index.coverage(CAMERA, 0, NOW_UTC_US, EVERY),
        "damage": lambda index: index.damage(NOW_UTC_US),
        "damaged": lambda index: index.damaged(9),
        "destroyed_between": lambda index: sorted(index.destroyed_between(0, 2 * NOW_UTC_US), key=repr),
        "doomed": lambda index: index.doomed(NOW_UTC_US, 9),
        "extent_to_check": lambda index: index.extent_to_check(TO_CHECK, ""),
        "gaps": lambda index: index.gaps(CAMERA, 0, 2 * NOW_UTC_US),
        "gone_among": lambda index: sorted(index.gone_among([uuid(2), uuid(3), uuid(4)]), key=repr),
        "held_among": lambda index: sorted(index.held_among(list(map(uuid, range(20))), NOW_UTC_US)),
        "holds": IndexReader.holds,
        "in_state": lambda index: [sorted(index.in_state(state), key=repr) for state in EVERY],
        "known_until": lambda index: index.known_until(0),
        "last_statement": IndexReader.last_statement,
        "named": lambda index: sorted(index.named(list(map(uuid, range(20)))), key=repr),
        "of_volume": lambda index: list(index.of_volume(VOLUME, EVERY)),
        "oldest": IndexReader.oldest,
        "open_gaps": lambda index: sorted(index.open_gaps(0), key=repr),
        "orders": IndexReader.orders,
        "progress": IndexReader.progress,
        "rebuilt_utc_us": IndexReader.rebuilt_utc_us,
        "recorded_us": lambda index: index.recorded_us(CAMERA, SegmentState.SEALED),
        "sealed_on": lambda index: [sorted(index.sealed_on(on, CAMERA, 0, NOW_UTC_US)) for on in (VOLUME, EVIDENCE)],
        "segment": lambda index: index.segment(uuid(5)),
        "segments": lambda index: index.segments(CAMERA, DAY_AGO - 9 * US_PER_DAY, DAY_AGO, EVERY),
        "statement": lambda index: index.statement(str(index.last_statement())),
        "timelines": lambda index: index.timelines(0, 2 * NOW_UTC_US),
        "to_check": lambda index: index.to_check(TO_CHECK, "", 5),
        "written_since": lambda index: index.written_since(VOLUME, 0),
    }
)

OF_COPIES: Final[Mapping[str, Callable[[Connection], Any]]] = MappingProxyType(
    {
        "copied_since": lambda index: on_evidence.copied_since(index, NOW_UTC_US),
        "copies_extent": lambda index: on_evidence.copies_extent(index, COPIES, ""),
        "copies_named": lambda index: on_evidence.copies_named(index, EVIDENCE),
        "copies_of": lambda index: on_evidence.copies_of(index, list(map(uuid, range(20)))),
        "copies_to_check": lambda index: on_evidence.copies_to_check(index, COPIES, "", 9),
        "copies_total": lambda index: on_evidence.copies_total(index, EVIDENCE),
        "damaged_with_copy": lambda index: on_evidence.damaged_with_copy(index, [VOLUME, EVIDENCE], "", 9),
        "days_of_copies": lambda index: sorted(on_evidence.days_of_copies(index, EVIDENCE)),
        "kept_by_hold": lambda index: on_evidence.kept_by_hold(index, NOW_UTC_US),
        "kept_now": lambda index: on_evidence.kept_now(index, NOW_UTC_US, NOW_UTC_US),
        "leaving_with": lambda index: on_evidence.leaving_with(index, VOLUME, NOW_UTC_US),
        "without_copy": lambda index: on_evidence.without_copy(index, NOW_UTC_US, [VOLUME], "", 9),
        "without_hold": lambda index: on_evidence.without_hold(index, EVIDENCE, NOW_UTC_US, "", 9),
    }
)


NOTHING: Final = (Total(0, 0), on_evidence.Kept(Total(0, 0), Total(0, 0)))
"""Answers that are no answer, though Python takes them for true."""


def test_no_question_is_left_out() -> None:
    assert QUESTIONS.keys() == {name for name in vars(IndexReader) if not name.startswith("_")} - {"at", "close"}
    asked = {name for name, one in vars(on_evidence).items() if getattr(one, "__module__", "") == on_evidence.__name__}
    assert OF_COPIES.keys() == {name for name in asked if not name.startswith("_")} - {"Kept", "Leaving"}


@pytest.mark.system("postgresql")
def test_both_databases_answer_alike(tmp_path: Path, postgresql: Server) -> None:
    files, server = Index(tmp_path / "index.db"), Index(postgresql.fresh())
    for index in (files, server):
        index.note_rebuilt(NOW_UTC_US)
        index.apply(leaves(STORY))
    answers = _answers(files)
    assert _answers(server) == answers
    assert [name for name, answer in answers.items() if not answer or answer in NOTHING] == []
    files.close()
    server.close()


@pytest.mark.system("postgresql")
@pytest.mark.parametrize("name", ["leaving_with", "without_copy"])
def test_postgresql_does_not_read_all_copies_for_each_segment(postgresql: Server, name: str) -> None:
    index = Index(postgresql.fresh())
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, text: str, values: object, *___: object) -> None:
        asked.append((text, values))

    with index._engine.connect() as connection:
        rows = "SELECT to_hex(n), 'volume', 0 FROM generate_series(1, 5000) n"
        connection.exec_driver_sql(f"INSERT INTO copy (seg, volume, copied_utc_us) {rows}")
        connection.exec_driver_sql("ANALYZE copy")
        connection.exec_driver_sql("SET work_mem = '64kB'")  # as a city's copies are to the usual 4 MB
        event.listen(connection, "before_cursor_execute", note)
        OF_COPIES[name](connection)
        plans = [connection.exec_driver_sql(f"EXPLAIN {text}", values).scalars().all() for text, values in list(asked)]
    index.close()
    assert [step for plan in plans for step in plan if "Anti Join" in step]


def _answers(index: Index) -> dict[str, Any]:
    answers = {name: ask(index) for name, ask in QUESTIONS.items()}
    return answers | {name: index.answer(ask) for name, ask in OF_COPIES.items()}
