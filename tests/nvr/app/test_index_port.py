"""What lies on a volume that is not mounted exists: it is neither left out nor lost."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from access.ports import Coverage
from access.ports import Known as KnownFootage
from access.requisitions.requisitions import absence
from nvr.app.index_port import IndexFiles, RecorderStates
from nvr.base.clock import SimClock
from nvr.base.ids import CameraId, SegmentId, uuid7
from nvr.base.units import UtcUs
from nvr.base.wire import Handler, Server
from storage.index.database import IndexUnavailable
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.ledger.machine import Expire, Expired, Gap, Move
from storage.volume import VolumeId, create_volume
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import hold, seal

CAMERA = CameraId("cam-1")
NOW_UTC_US = UtcUs(1_790_000_000_000_000)


def row(volume: VolumeId, state: SegmentState, *, number: int = 0) -> SegmentRow:
    start = UtcUs(NOW_UTC_US + number * 300_000_000)
    return SegmentRow(
        seg=SegmentId(uuid7(start)),
        camera=CAMERA,
        volume=volume,
        shard=0,
        run="",
        start_utc_us=start,
        end_utc_us=UtcUs(start + 300_000_000),
        clock_epoch=1,
        records=2,
        file_bytes=100,
        lost_packets=0,
        root=bytes(32),
        point=None,
        placement=None,
        authorisation=None,
        recovered=False,
        ledger_index=7 + number,
        state=state,
    )


class Known(IndexFiles):
    """An index that knows these rows."""

    def __init__(
        self, volumes: Sequence[Path], rows: Sequence[SegmentRow], copies: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(Path("/nowhere"), lambda: volumes, "test.example", UTC, SimClock())
        self._rows = rows
        self._copies = copies or {}

    def _ask(self, question: Callable[[Any], Any]) -> Any:  # noqa: ANN401 -- whatever is asked
        by_name = {one.seg: one for one in self._rows}
        asked = {"segments": lambda *_: self._rows, "segment": by_name.get, "answer": lambda _: self._copies}
        return question(SimpleNamespace(**asked))


async def coverage(index: IndexFiles) -> Coverage:
    return await index.coverage(CAMERA, NOW_UTC_US, UtcUs(NOW_UTC_US + 900_000_000))


async def test_segment_of_a_volume_that_is_not_mounted_exists_without_a_path(tmp_path: Path) -> None:
    away = row(VolumeId(uuid7(NOW_UTC_US)), SegmentState.SEALED)
    index = Known([tmp_path / "absent"], [away])
    found = await coverage(index)
    assert [(one.segment, one.path, one.seal_index) for one in found.segments] == [(away.seg, None, 7)]
    assert absence(CAMERA, found, stood_somewhere=True) is None
    assert await index.segment(away.seg) == found.segments[0]


@pytest.mark.parametrize("why", [None, "shorter"])
def test_segment_with_a_copy_is_read_from_there_when_its_own_file_is_damaged_or_away(
    tmp_path: Path, why: str | None
) -> None:
    own, evidence = (
        create_volume(tmp_path / name, "test.example", now_utc_us=NOW_UTC_US) for name in ("own", "evidence")
    )
    one = replace(row(own.id, SegmentState.SEALED), damaged_why=why)
    places = [volume.sealed_path(CAMERA, one.start_utc_us, one.seg) for volume in (own, evidence)]
    for mounted, paths in (
        ([own.path, evidence.path], places if why is None else places[::-1]),
        ([own.path], places[:1]),
        ([evidence.path], places[1:]),
        ([], []),
    ):
        found = asyncio.run(Known(mounted, [one], {one.seg: evidence.id}).segment(one.seg))
        assert found is not None
        assert list(found.paths) == paths


@pytest.mark.parametrize(
    ("state", "reason"),
    [(SegmentState.LOST, "lost"), (SegmentState.GONE, "destroyed"), (SegmentState.DOOMED, "destroyed")],
)
async def test_only_what_the_index_calls_lost_is_lost(tmp_path: Path, state: SegmentState, reason: str) -> None:
    one = row(VolumeId(uuid7(NOW_UTC_US)), state)
    index = Known([tmp_path / "absent"], [one])
    answer = absence(CAMERA, await coverage(index), stood_somewhere=True)
    assert answer is not None
    assert answer.reason == reason
    assert await index.segment(one.seg) is None


async def test_camera_is_retried_by_the_recorder_of_its_shard_and_no_other(tmp_path: Path) -> None:
    asked: list[tuple[int, object]] = []

    def handlers(shard: int) -> dict[str, Handler]:
        async def retry(args: dict[str, Any]) -> object:
            asked.append((shard, args))
            return {}

        return {"retry": retry}

    sockets = {shard: tmp_path / f"{shard}.sock" for shard in (0, 1)}
    async with Server(sockets[0], handlers(0)), Server(sockets[1], handlers(1)):
        await RecorderStates(lambda: sockets).retry(1, CAMERA)
    assert asked == [(1, {"cameras": [CAMERA]})]


async def test_index_that_can_not_be_read_is_told_as_unavailable(tmp_path: Path) -> None:
    torn = tmp_path / "index.db"
    await asyncio.to_thread(torn.write_bytes, b"SQLite format 3\0" + bytes(4096))
    index = IndexFiles(torn, list, "test.example", UTC, SimClock())
    with pytest.raises(IndexUnavailable):
        await index.kept_by_hold(NOW_UTC_US)


HELD, SEALED = hold(), seal(1)


@pytest.fixture
def known_to(tmp_path: Path) -> Path:
    path = tmp_path / "index.db"
    writer = Index(path)
    writer.apply(leaves([SEALED, HELD]))
    writer.close()
    return path


async def test_what_holds_keep_is_asked_of_the_index_as_it_is_now(known_to: Path) -> None:
    index, begin = IndexFiles(known_to, list, "test.example", UTC, SimClock()), SEALED.start_utc_us
    kept = await index.kept_by_hold(NOW_UTC_US)
    assert {hold: each.bytes for hold, each in kept.items()} == {HELD.hold: SEALED.file_bytes}
    times = {SEALED.camera: [(begin, begin)], "other": [(begin, begin)]}
    assert await index.kept_bytes(times) == SEALED.file_bytes


async def test_what_is_known_of_cameras_is_asked_without_a_look_at_any_disk(tmp_path: Path) -> None:
    first, second, gone = (
        seal(number, start_utc_us=SEALED.start_utc_us + number * 300_000_000) for number in (0, 1, 2)
    )
    path = tmp_path / "index.db"
    silent = Gap(
        gap=uuid7(NOW_UTC_US),
        camera=SEALED.camera,
        from_utc_us=gone.end_utc_us,
        to_utc_us=None,
        cause="silent",
        detail=None,
    )
    doomed = Expire(segs=(gone.seg,), reason="cap", deadline_utc_us=gone.end_utc_us)
    expired = Expired(segs=(gone.seg,), bytes=gone.file_bytes, cameras=())

    left = Move(
        move=uuid7(NOW_UTC_US),
        camera=SEALED.camera,
        from_utc_us=first.start_utc_us + 5,
        to_utc_us=None,
        why="left",
        moves=1,
    )
    over = left.model_copy(update={"move": uuid7(NOW_UTC_US), "from_utc_us": 1, "to_utc_us": first.start_utc_us + 1})
    moved = left, over, left.model_copy(update={"to_utc_us": first.start_utc_us + 9})

    def fill() -> None:
        writer = Index(path)
        writer.apply(leaves([first, second, gone, doomed, expired, silent, *moved]))
        writer.close()

    await asyncio.to_thread(fill)

    def no_volume() -> list[Path]:
        raise AssertionError("asked for disks")

    index, camera = IndexFiles(path, no_volume, "test.example", UTC, SimClock()), CameraId(SEALED.camera)
    begin, end = UtcUs(first.start_utc_us + 1), UtcUs(gone.end_utc_us + 60_000_000)
    found = await index.known([camera, CAMERA], begin, end)
    assert found[CAMERA] == KnownFootage()
    known = found[camera]
    assert known.recorded == ((first.start_utc_us, second.end_utc_us),)
    assert known.began_utc_us == first.start_utc_us
    assert known.gaps == ((gone.end_utc_us, None, "silent"),)
    assert known.moves == ((first.start_utc_us + 5, first.start_utc_us + 9, "left", 1),)
    (lost,) = known.vanished
    assert (lost.cause, lost.why, lost.from_utc_us, lost.to_utc_us) == (
        "destroyed",
        "cap",
        gone.start_utc_us,
        gone.end_utc_us,
    )
