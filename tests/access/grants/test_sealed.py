import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from access.grants.sealed import Scope, claims_for, collect, collect_released, together, under
from nvr.base.ids import SegmentId
from nvr.base.units import UtcUs
from storage.records import RandomAccess
from tests.access.opened import Opened
from tests.access.world import HOUR_US, NOW_UTC_US
from tests.storage.sealed import CAMERA, GOP_US, custodians


async def scope(opened: Opened, first: int, last: int) -> Scope:
    begin, end = UtcUs(NOW_UTC_US + first * GOP_US), UtcUs(NOW_UTC_US + last * GOP_US)
    return await collect(opened.world.index, opened.world.keeper, [CAMERA], begin, end)


async def test_only_records_of_the_interval_are_in_scope(opened: Opened) -> None:
    found = await scope(opened, 2, 4)
    names = [start.segment for start in opened.starts[:2]]
    assert found.granted == {names[0]: (0, 3), names[1]: (0, 1)}


async def test_chain_of_continued_segments_is_followed_to_its_random_access_point(opened: Opened) -> None:
    none = (RandomAccess.NONE,) * 3
    await opened.record(3, kinds=none, continues=opened.starts[2])
    await opened.record(4, kinds=none, continues=opened.starts[3])
    found = await scope(opened, 13, 14)
    assert [found.granted[start.segment] for start in opened.starts[2:]] == [(0, 3), (0, 1, 2, 3), (0, 1, 2)]


async def test_claims_are_the_init_record_and_an_unbroken_run(opened: Opened) -> None:
    found = await scope(opened, 0, 3)
    (file,) = found.files
    assert [claim.head.seq for claim in claims_for(file, (0, 2, 3))] == [0, 2, 3]


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda at, other: replace(at, seal_index=other.seal_index), id="another entry"),
        pytest.param(lambda at, other: replace(at, path=other.path), id="another file"),
        pytest.param(lambda at, _: replace(at, segment=SegmentId("0" * 32)), id="another name"),
    ],
)
async def test_file_that_is_not_what_its_entry_says_is_left_out(opened: Opened, bend: Callable[..., object]) -> None:
    rows = opened.world.index.segments[CAMERA]
    bent = bend(rows[0], rows[1])
    opened.world.index.segments[CAMERA] = [bent, *rows[1:]]  # type: ignore[list-item]
    found = await scope(opened, 0, 9)
    assert list(found.unreadable.values()) == ["seal-differs"]
    assert len(found.files) == 2


async def test_file_that_was_extended_is_left_out(opened: Opened) -> None:
    path = opened.recorder.path_of(opened.starts[0])
    content = await asyncio.to_thread(path.read_bytes)
    record = content[-56 - 4 * 40 - 128 - 200 : -56 - 4 * 40 - 128]
    await asyncio.to_thread(path.write_bytes, content[: -56 - 4 * 40 - 128] + record)
    found = await scope(opened, 0, 3)
    # Whole records are still those of the entry; index and footer are gone, and nothing more counts.
    assert (len(found.files), found.unreadable) == (1, {})


async def test_file_that_lacks_its_last_record_is_left_out(opened: Opened) -> None:
    path = opened.recorder.path_of(opened.starts[0])
    content = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, content[: -56 - 4 * 40 - 128 - 1])
    found = await scope(opened, 0, 3)
    assert list(found.unreadable.values()) == ["seal-differs"]


async def test_released_segment_that_was_destroyed_is_named(opened: Opened) -> None:
    gone = SegmentId("f" * 32)
    found = await collect_released(opened.world.index, opened.world.keeper, [gone], NOW_UTC_US, UtcUs(NOW_UTC_US + 1))
    assert list(found.unreadable) == [gone]


async def test_file_of_another_set_than_its_release_names_is_named_and_not_given(opened: Opened) -> None:
    world = opened.world
    interval = UtcUs(NOW_UTC_US), UtcUs(NOW_UTC_US + HOUR_US)
    scope = await collect(world.index, world.keeper, [CAMERA], *interval)
    mine = custodians().set.hash.hex()
    named = [opened.starts[0].segment, opened.starts[2].segment]
    found = under(scope, mine, named, *interval)
    assert ([file.segment for file in found.files], found.unreadable) == (named, {})
    other = under(scope, "00" * 32, named, *interval)
    assert (other.files, other.granted) == ((), {})
    assert other.unreadable == dict.fromkeys(named, "sealed under another custodian set")
    assert together([found, under(scope, mine, [opened.starts[1].segment], *interval)]).granted == scope.granted
