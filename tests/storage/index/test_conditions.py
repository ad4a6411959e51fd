"""Which segments a hold keeps: SQL and `storage.holds` say the same."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage.holds import held_now
from storage.index.conditions import continues_another, held_sealed, is_held
from storage.index.tables import SEGMENT, SegmentState
from storage.index.writer import Index
from storage.ledger.machine import Body, Expire, Expired, Seal
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import NOW_UTC_US, hold, seal, uuid

CAMERAS = ("a", "b")
NUMBERS = range(8)
instants = st.integers(0, 40)


@st.composite
def seals(draw: st.DrawFn) -> list[Seal]:
    """Segments of two cameras, of which some continue another, sealed already or not, in whatever order."""
    made = []
    for number in NUMBERS:
        start = draw(instants)
        one = seal(number, camera=draw(st.sampled_from(CAMERAS)), start_utc_us=start)
        before = draw(st.none() | st.sampled_from(NUMBERS))
        made.append(
            one.model_copy(
                update={
                    "end_utc_us": start + draw(st.integers(0, 8)),
                    "continues": None if before is None else uuid(before),
                }
            )
        )
    return draw(st.permutations(made))


@st.composite
def holds(draw: st.DrawFn) -> list[Body]:
    made: list[Body] = []
    for number in range(draw(st.integers(0, 3))):
        span = {"from_utc_us": draw(instants), "to_utc_us": draw(instants)}
        until = draw(st.sampled_from((None, NOW_UTC_US - 1, NOW_UTC_US + 1)))
        camera = draw(st.sampled_from(CAMERAS))
        made.append(hold(0x500 + number, camera=camera).model_copy(update={**span, "until_utc_us": until}))
    return made


@settings(max_examples=20)
@given(seals=seals(), holds=holds(), gone=st.sets(st.sampled_from(NUMBERS), max_size=3))
def test_sql_and_python_agree_on_what_is_held(
    empty_index: Callable[[], Index], seals: Sequence[Seal], holds: Sequence[Body], gone: set[int]
) -> None:
    index = empty_index()
    segs = tuple(map(uuid, sorted(gone)))
    destroyed: list[Body] = [Expired(segs=segs, bytes=1, cameras=())] if segs else []
    index.apply(leaves([*seals, *destroyed, *holds]))
    held = held_now(index.holds(), index.continuing(NOW_UTC_US), NOW_UTC_US)
    with index._engine.connect() as connection:
        found = set(connection.scalars(select(SEGMENT.c.seg).where(is_held(NOW_UTC_US))))
    rows = [row for one in seals if (row := index.segment(one.seg)) is not None]
    assert found == {row.seg for row in rows if held.covers(row)}
    every = [row for row in rows if row.continues is not None and row.state is not SegmentState.GONE]
    assert held_now(index.holds(), every, NOW_UTC_US) == held


def story() -> list[Body]:
    """B, which hold 0x500 covers, continues A."""
    a, b = seal(1, start_utc_us=0), seal(2, start_utc_us=300_000_000).model_copy(update={"continues": uuid(1)})
    return [a, b]


def held_b() -> Body:
    return hold().model_copy(update={"from_utc_us": 400_000_000, "to_utc_us": 500_000_000})


@pytest.mark.parametrize("order", ["hold before the intent", "hold after it", "continuing segment told last"])
def test_what_a_held_segment_continues_is_not_destroyed(index: Index, order: str) -> None:
    a, b = story()
    doom = Expire(segs=(uuid(1),), reason="cap", deadline_utc_us=1)
    bodies = {
        "hold before the intent": [a, b, held_b(), doom],
        "hold after it": [a, b, doom, held_b()],
        "continuing segment told last": [a, held_b(), doom, b],
    }[order]
    index.apply(leaves(bodies))
    row = index.segment(uuid(1))
    assert row is not None
    assert row.state is SegmentState.SEALED
    assert index.doomed(NOW_UTC_US, 9) == []


@pytest.mark.parametrize(("gone", "kept"), [((), [0, 1, 2]), ((1,), [1, 2])])
def test_chain_is_kept_as_far_as_it_goes(index: Index, gone: tuple[int, ...], kept: list[int]) -> None:
    chain = [
        seal(at, start_utc_us=at * 400_000_000).model_copy(update={"continues": uuid(at - 1) if at else None})
        for at in range(4)
    ]
    far = {"from_utc_us": 2 * 400_000_000 + 290_000_000, "to_utc_us": 3 * 400_000_000 - 1}
    destroyed: list[Body] = [Expired(segs=tuple(map(uuid, gone)), bytes=1, cameras=())] if gone else []
    index.apply(leaves([*chain, *destroyed, hold().model_copy(update=far)]))
    with index._engine.connect() as connection:
        found = set(connection.scalars(select(SEGMENT.c.seg).where(is_held(NOW_UTC_US))))
    assert found == {uuid(at) for at in kept}


def test_only_segments_that_continue_another_are_walked(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.db")
    with index._engine.connect() as connection:
        query = select(SEGMENT.c.seg).where(continues_another(), SEGMENT.c.camera == "a")
        text = str(query.compile(index._engine, compile_kwargs={"literal_binds": True}))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        held = select(SEGMENT.c.seg).where(is_held(1), SEGMENT.c.seg == "x")
        text = str(held.compile(index._engine, compile_kwargs={"literal_binds": True}))
        whole = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    index.close()
    assert "ix_segment_continued" in plan[0][3]
    steps = [row[3] for row in whole if "segment" in row[3] or "later" in row[3] or "before" in row[3]]
    assert any("ix_segment_continued" in step for step in steps)
    assert all("ix_segment_continued" in step for step in steps if step.startswith("SCAN"))


def test_held_footage_is_found_from_the_holds_however_much_nobody_holds(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.db")
    with index._engine.connect() as connection:
        text = str(held_sealed(connection, 1).compile(index._engine, compile_kwargs={"literal_binds": True}))
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    index.close()
    assert {step for step in steps if step.startswith("SCAN")} == {"SCAN hold_scope", "SCAN kept", "SCAN progress"}
