import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from access.policy import Denied
from access.release import Release
from nvr.base.ids import CameraId
from storage.records import RandomAccess
from storage.svs1.contexts import check_front
from storage.svs1.layout import RecordType, pack_lengths
from tests.access.opened import Opened
from tests.access.world import DAY_US
from tests.storage.sealed import CAMERA, CODEC


async def test_opener_gets_what_was_recorded(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    recorded = [packet for segment in opened.groups for group in segment for packet in group]
    assert await opened.everything(release) == recorded


async def test_nothing_outside_the_granted_interval_can_be_had(opened: Opened) -> None:
    release = await opened.open(await opened.grant(first=4, last=5))
    assert await opened.everything(release) == opened.groups[1][1]
    (segment,) = await asyncio.to_thread(release.segments, CAMERA)
    records = await asyncio.to_thread(lambda: list(release.records(segment.segment)))
    assert [record.seq for record in records] == [0, 2]
    for start in (opened.starts[0], opened.starts[2]):
        with pytest.raises(KeyError):
            release.records(start.segment)
    assert await asyncio.to_thread(release.segments, CameraId("cam-2")) == []


async def test_segment_is_described_as_it_was_sealed(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    segments = await asyncio.to_thread(release.segments, CAMERA)
    assert [segment.segment for segment in segments] == [start.segment for start in opened.starts]
    assert {segment.codec for segment in segments} == {CODEC}
    assert all(segment.header["camera"] == CAMERA and len(segment.inner) == 4 for segment in segments)
    first = await asyncio.to_thread(lambda: next(release.records(segments[0].segment)))
    assert (first.head.type, first.packets) == (RecordType.INIT, [])
    assert b"extradata" in first.table


async def test_head_of_a_neighbour_is_proven_without_its_key_and_a_damaged_one_is_missing(opened: Opened) -> None:
    release = await opened.open(await opened.grant(first=4, last=5))
    (segment,) = await asyncio.to_thread(release.segments, CAMERA)
    fronts = [await asyncio.to_thread(release.front, segment.segment, seq) for seq in (1, 3)]
    for seq, front in zip((1, 3), fronts, strict=True):
        assert front is not None
        assert (front.seq, front.head.seq, front.head.type) == (seq, seq, RecordType.GOP)
        packed = front.head.pack() + front.rkc + pack_lengths(list(front.slices))
        check_front(packed, len(front.slices), front.path, segment.inner[seq])
    await asyncio.to_thread(
        _flip_byte_of_record, opened.recorder.path_of(opened.starts[1]), len(opened.groups[1][2][0])
    )
    assert await asyncio.to_thread(release.front, segment.segment, 3) is None
    assert release.missing == {segment.segment: {3}}
    opened.world.clock.advance(15 * DAY_US)
    with pytest.raises(Denied, match="grant-over"):
        await asyncio.to_thread(release.front, segment.segment, 1)


async def test_key_is_in_no_text_of_a_record(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    (segment, *_) = await asyncio.to_thread(release.segments, CAMERA)
    record = await asyncio.to_thread(lambda: next(release.records(segment.segment)))
    assert record.key.hex() not in repr(record)
    assert repr(record.key) not in repr(record)


@pytest.mark.parametrize("account", ["b.petit", "c.both", "f.audit", "root"])
async def test_nobody_but_the_opener_gets_in(opened: Opened, account: str) -> None:
    grant = await opened.grant()
    with pytest.raises(Denied):
        await opened.open(grant, account)


async def test_grant_that_is_validated_and_not_open_lets_nobody_in(opened: Opened) -> None:
    made = await opened.validate(await opened.ask())
    with pytest.raises(Denied, match="not-open"):
        await opened.open(made["grant"])
    await opened.answer(made["grant"], 1)
    with pytest.raises(Denied, match="not-open"):
        await opened.open(made["grant"])


async def test_release_ends_with_the_grant_even_while_it_is_read(opened: Opened) -> None:
    grant = await opened.grant()
    release = await opened.open(grant)
    (segment, *_) = await asyncio.to_thread(release.segments, CAMERA)
    reading = release.records(segment.segment)
    await asyncio.to_thread(next, reading)
    opened.world.clock.advance(15 * DAY_US)
    with pytest.raises(Denied, match="grant-over"):
        await asyncio.to_thread(next, reading)
    with pytest.raises(Denied, match="grant-over"):
        release.records(segment.segment)
    with pytest.raises(Denied, match="grant-over"):
        await asyncio.to_thread(release.segments, CAMERA)
    with pytest.raises(Denied, match="grant-over"):
        await opened.open(grant)


async def test_wiped_release_gives_nothing(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    release.wipe()
    assert await asyncio.to_thread(release.segments, CAMERA) == []
    with pytest.raises(KeyError):
        release.records(opened.starts[0].segment)


async def test_record_that_was_changed_on_disk_is_named_and_all_others_are_given(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    path = opened.recorder.path_of(opened.starts[1])
    content = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(_flip_byte_of_record, path, len(opened.groups[1][2][0]))
    had = await opened.everything(release)
    damaged = opened.starts[1].segment
    assert had == [packet for groups in opened.groups for packets in groups for packet in packets][: 5 * 4] + [
        packet for packets in opened.groups[2] for packet in packets
    ]
    assert (release.unreadable, release.missing) == ({damaged: "record-damaged"}, {damaged: {3}})
    assert release.whereabouts[damaged].camera == CAMERA
    # A disk that changes its mind between two readings gives no bundle that contradicts itself.
    await asyncio.to_thread(path.write_bytes, content)
    assert await opened.everything(release) == had


async def test_file_that_was_swapped_for_another_is_named_and_all_others_are_given(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    first, second = (opened.recorder.path_of(start) for start in opened.starts[:2])
    content = await asyncio.to_thread(second.read_bytes)
    await asyncio.to_thread(first.write_bytes, content)
    segments = await asyncio.to_thread(release.segments, CAMERA)
    assert [one.segment for one in segments] == [start.segment for start in opened.starts[1:]]
    assert (release.unreadable, release.missing) == ({opened.starts[0].segment: "record-damaged"}, {})


async def test_file_that_vanishes_while_it_is_read_is_named(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    segments = await asyncio.to_thread(release.segments, CAMERA)
    await asyncio.to_thread(opened.recorder.path_of(opened.starts[0]).unlink)
    assert await asyncio.to_thread(lambda: list(release.records(segments[0].segment))) == []
    assert release.unreadable == {opened.starts[0].segment: "record-damaged"}


async def test_group_of_pictures_that_began_in_the_segment_before_comes_with_it(opened: Opened) -> None:
    none = RandomAccess.NONE
    await opened.record(3, kinds=(none, none, RandomAccess.IDR), continues=opened.starts[2])
    release = await opened.open(await opened.grant(first=10, last=11))
    had = await opened.everything(release)
    last_of_before = opened.groups[2][2]
    assert had == [*last_of_before, *opened.groups[3][0], *opened.groups[3][1]]


@pytest.mark.parametrize("own", ["away", "gone", "bent at its end", "bent in a record", "gone later", "bent later"])
async def test_copy_serves_when_the_segments_own_file_does_not(opened: Opened, own: str) -> None:
    start = opened.starts[1]
    path = opened.recorder.path_of(start)
    copy = path.with_name("copy.svs")
    await asyncio.to_thread(shutil.copy, path, copy)
    rows = opened.world.index.segments[CAMERA]
    rows[1] = replace(rows[1], path=None if own == "away" else path, copy=copy)
    grant = await opened.grant()
    if not own.endswith("later"):
        await asyncio.to_thread(_spoil, path, own, len(opened.groups[1][2][0]))
    release = await opened.open(grant)
    await asyncio.to_thread(_spoil, path, own, len(opened.groups[1][2][0]))
    recorded = [packet for segment in opened.groups for group in segment for packet in group]
    assert await opened.everything(release) == recorded
    (segment,) = [one for one in await asyncio.to_thread(release.segments, CAMERA) if one.segment == start.segment]
    assert await asyncio.to_thread(release.front, segment.segment, 3) is not None
    assert not release.unreadable
    assert not release.missing


async def test_segment_of_which_both_files_are_bent_in_one_record_lacks_that_record(opened: Opened) -> None:
    path = opened.recorder.path_of(opened.starts[1])
    copy = path.with_name("copy.svs")
    release_of = opened.world.index.segments[CAMERA]
    release_of[1] = replace(release_of[1], copy=copy)
    await asyncio.to_thread(_flip_byte_of_record, path, len(opened.groups[1][2][0]))
    await asyncio.to_thread(shutil.copy, path, copy)
    release = await opened.open(await opened.grant())
    await opened.everything(release)
    assert release.missing == {opened.starts[1].segment: {3}}


def _spoil(path: Path, how: str, distance: int) -> None:
    if how.startswith("gone"):
        path.unlink(missing_ok=True)
    elif how == "bent at its end":
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    elif how == "bent in a record":
        if path.read_bytes() == path.with_name("copy.svs").read_bytes():
            _flip_byte_of_record(path, distance)
    elif how == "bent later":
        _flip_byte_of_record(path, distance)


async def test_facts_say_where_the_camera_stood(opened: Opened) -> None:
    release = await opened.open(await opened.grant())
    assert release.grant.places == {CAMERA: ()}
    assert (release.grant.opener, release.grant.requisition) == ("a.martin", "R-2026-000001")


def _flip_byte_of_record(path: Path, distance: int) -> None:
    content = bytearray(path.read_bytes())
    # Behind the last record stand its tag and inner root, then the index of 4 entries and the footer.
    end_of_record = len(content) - 56 - 4 * 40 - 128
    content[end_of_record - 32 - 16 - 8 * 4 - distance] ^= 1
    path.write_bytes(content)


OBSERVED = (b'[{"k":"ptz","t":0}]', b'[{"k":"ptz","t":1}]', b'[{"k":"ptz","t":2}]')


async def _sides(opened: Opened, release: Release) -> list[bytes]:
    """What a dome said, as far as the release gives it."""

    def read() -> list[bytes]:
        segments = release.segments(CAMERA)
        records = [record for segment in segments for record in release.records(segment.segment)]
        return [record.table for record in records if record.head.type is RecordType.SIDE]

    return await asyncio.to_thread(read)


async def test_what_a_dome_said_is_given_with_the_groups_of_the_interval_and_no_others(opened: Opened) -> None:
    await opened.record(3, observations=OBSERVED)
    release = await opened.open(await opened.grant(first=10, last=12))
    assert await _sides(opened, release) == [OBSERVED[1], OBSERVED[2]]
    assert await opened.everything(release) == [*opened.groups[3][1], *opened.groups[3][2]]


async def test_custodians_open_a_dome_whose_group_crosses_segments(opened: Opened) -> None:
    none = (RandomAccess.NONE,) * 3
    await opened.record(3, observations=OBSERVED)
    await opened.record(4, kinds=none, continues=opened.starts[3], observations=OBSERVED)
    release = await opened.open(await opened.grant(first=13, last=14))
    # Of the groups before the interval, which only decoding needs, the pictures are there and the positions are not.
    assert await _sides(opened, release) == [OBSERVED[1]]
    assert await opened.everything(release) == [*opened.groups[3][2], *opened.groups[4][0], *opened.groups[4][1]]
