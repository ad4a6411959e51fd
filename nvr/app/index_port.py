"""The keeper's index and the recorders' states as access needs them (`access.ports`)."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from access.ports import Asked, Coverage, Known, Recorded, SegmentAt
from config.database import Location
from nvr.base.clock import Clock
from nvr.base.errors import NvrError, Retryable
from nvr.base.ids import CameraId, SegmentId, camera_id
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from nvr.base.wire import Client
from storage.database_faults import Fault
from storage.databases import fault_of
from storage.holds import Interval
from storage.index.database import unavailable
from storage.index.held import kept_bytes
from storage.index.on_domes import moves
from storage.index.on_evidence import Kept, Leaving, copies_of, kept_by_hold, leaving_with
from storage.index.on_volume import LostStretch, lost_under_hold
from storage.index.queries import IndexReader
from storage.index.rows import Coverage as CoverageRows
from storage.index.rows import GapRow, MoveRow, Order, SegmentRow
from storage.index.stretches import joined
from storage.index.tables import SegmentState
from storage.keeping.previews import Change, Effect, effects_of
from storage.vanished import Vanished, vanished
from storage.volume import Volume, VolumeLost, open_volume

T = TypeVar("T")

_ALL_STATES: Final = tuple(SegmentState)
_ASK_S: Final = 5.0
_CHECK_S: Final = 590.0
"""Hundreds of cameras, some at a time; a little less than a person's command waits."""
_log: Final = logging.getLogger(__name__)


class IndexFiles:
    """The index, read only, in threads; a segment is where its volume is mounted now."""

    def __init__(
        self, index: Location, volumes: Callable[[], Iterable[Path]], origin: str, zone: tzinfo, clock: Clock
    ) -> None:
        self._location = index
        self._volumes = volumes
        self._origin = origin
        self._zone = zone
        self._clock = clock

    async def coverage(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Coverage:
        """What exists of [from, to), and what is gone."""
        return await asyncio.to_thread(self._coverage, camera, from_utc_us, to_utc_us)

    async def known(
        self, cameras: Sequence[CameraId], from_utc_us: UtcUs, to_utc_us: UtcUs
    ) -> Mapping[CameraId, Known]:
        """What exists of [from, to), what is gone and what was never there, of each of these cameras."""

        def known(reader: IndexReader, camera: CameraId) -> Known:
            found = reader.coverage(camera, from_utc_us, to_utc_us, _ALL_STATES)
            return _known(found, reader.answer(lambda connection: moves(connection, camera, from_utc_us, to_utc_us)))

        def of_all(reader: IndexReader) -> dict[CameraId, Known]:
            return {camera: known(reader, camera) for camera in cameras}

        return await asyncio.to_thread(lambda: self._ask(of_all))

    async def segment(self, segment: SegmentId) -> SegmentAt | None:
        """One segment; None when it does not exist, or no more."""
        return await asyncio.to_thread(self._segment, segment)

    async def gaps(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Sequence[GapRow]:
        """The camera's gaps that overlap [from, to), in the order of time."""
        return await asyncio.to_thread(lambda: self._ask(lambda reader: reader.gaps(camera, from_utc_us, to_utc_us)))

    async def vanished(self, camera: CameraId, from_utc_us: UtcUs, to_utc_us: UtcUs) -> Sequence[Vanished]:
        """What was recorded of [from, to), and is no more."""
        return (await self.coverage(camera, from_utc_us, to_utc_us)).vanished

    async def statement(self, day: str) -> tuple[int, int] | None:
        """The first ledger entry of a local day's statement, and how many there are; None: it has none."""
        return await asyncio.to_thread(lambda: self._ask(lambda reader: reader.statement(day)))

    async def oldest(self) -> Mapping[CameraId, UtcUs]:
        """The start of the oldest segment that exists, of each camera that has one."""
        return await asyncio.to_thread(lambda: self._ask(IndexReader.oldest))

    async def effects(self, change: Change) -> Sequence[Effect]:
        """What a change of retention would mean for footage that is there."""
        now = self._clock.utc_us()
        return await asyncio.to_thread(lambda: self._ask(lambda reader: effects_of(reader, self._zone, now, change)))

    async def leaving(self, volume: str, now_utc_us: UtcUs) -> Leaving:
        """What would be lost with a volume, what of it holds keep, and which copies would go."""

        def leaving(connection: Connection) -> Leaving:
            return leaving_with(connection, volume, now_utc_us)

        return await asyncio.to_thread(lambda: self._ask(lambda reader: reader.answer(leaving)))

    async def kept_by_hold(self, now_utc_us: UtcUs) -> Mapping[str, Kept]:
        """What each hold that runs keeps once, and twice."""

        def kept(connection: Connection) -> dict[str, Kept]:
            return kept_by_hold(connection, now_utc_us)

        return await asyncio.to_thread(lambda: self._ask(lambda reader: reader.answer(kept)))

    async def lost_under_hold(self, now_utc_us: UtcUs) -> Sequence[LostStretch]:
        """Lost footage that holds cover, by hold, camera and cause."""

        def lost(connection: Connection) -> list[LostStretch]:
            return lost_under_hold(connection, now_utc_us)

        return await asyncio.to_thread(lambda: self._ask(lambda reader: reader.answer(lost)))

    async def kept_bytes(self, times: Mapping[str, Iterable[Interval]]) -> int:
        """The bytes of footage that touches these times, camera by camera."""
        kept = partial(kept_bytes, times=times)
        return await asyncio.to_thread(lambda: self._ask(lambda reader: reader.answer(kept)))

    def oldest_on(self, volume: str) -> UtcUs | None:
        """The start of the oldest footage on a volume; blocking."""
        pages = self._ask(lambda reader: next(iter(reader.of_volume(volume, [SegmentState.SEALED])), ()))
        return min((row.start_utc_us for row in pages), default=None)

    def orders(self) -> Sequence[Order]:
        """Every authorisation that the ledger knows; blocking."""
        return self._ask(IndexReader.orders)

    def _coverage(self, camera: CameraId, from_utc_us: int, to_utc_us: int) -> Coverage:
        rows = self._ask(lambda reader: reader.segments(camera, from_utc_us, to_utc_us, _ALL_STATES))
        there = [row for row in rows if row.state is SegmentState.SEALED]
        return Coverage(self._at(there), vanished(rows))

    def _segment(self, segment: SegmentId) -> SegmentAt | None:
        row = self._ask(lambda reader: reader.segment(segment))
        if row is None or row.state is not SegmentState.SEALED:
            return None
        return self._at([row])[0]

    def _at(self, rows: Sequence[SegmentRow]) -> tuple[SegmentAt, ...]:
        """Where the files of the segments are, their copies among them."""
        segs = [row.seg for row in rows]
        copies = self._ask(lambda reader: reader.answer(lambda connection: copies_of(connection, segs)))
        mounted = self._mounted()
        return tuple(_at(row, mounted.get(row.volume), mounted.get(copies.get(row.seg, ""))) for row in rows)

    def _ask(self, question: Callable[[IndexReader], T]) -> T:
        # Opened anew each time: the keeper may have rebuilt it.
        reader = IndexReader.at(self._location)
        try:
            return question(reader)
        except DBAPIError as error:
            if fault_of(error) is Fault.PROGRAM:
                raise
            raise unavailable(self._location, error) from error
        finally:
            reader.close()

    def _mounted(self) -> dict[str, Volume]:
        found: dict[str, Volume] = {}
        for path in self._volumes():
            try:
                volume = open_volume(path, self._origin)
                found[volume.id] = volume
            except VolumeLost as error:
                _log.warning("%s", error)
        return found


class RecorderStates:
    """What the recorders say of their cameras."""

    def __init__(self, sockets: Callable[[], Mapping[int, Path]]) -> None:
        self._sockets = sockets

    async def states(self) -> Mapping[CameraId, Mapping[str, Json]]:
        """State and counters of each camera; those of a recorder that does not answer are absent."""
        answers = await self.answers()
        return {camera_id(camera["camera"]): camera for answer in answers for camera in answer["state"]["cameras"]}

    async def check(self, shard: int, cameras: Sequence[CameraId], seconds: int) -> Sequence[Mapping[str, Json]]:
        """What the recorder of this shard measured of these cameras. Raises Retryable: it does not answer."""
        sockets = await asyncio.to_thread(self._sockets)
        return await _answer(sockets[shard], "check", {"cameras": list(cameras), "seconds": seconds})

    async def discover(
        self, interface: str | None, hosts: Sequence[str] | None, known: Sequence[Recorded], seconds: int
    ) -> Sequence[Mapping[str, Json]]:
        """The cameras that one recorder finds; they all run on this server. Raises Retryable: none of them answers."""
        args = {
            "interface": interface,
            "hosts": None if hosts is None else list(hosts),
            "known": [asdict(each) for each in known],
            "seconds": seconds,
        }
        return await self._ask_any("discover", args)

    async def lookup(self, cameras: Sequence[Asked]) -> Sequence[Mapping[str, Json]]:
        """The streams of these cameras. Raises Retryable: no recorder answers."""
        asked = [
            {
                "address": each.host,
                "channel": each.channel,
                "user": None if each.login is None else each.login.user,
                "password": None if each.login is None else each.login.password,
            }
            for each in cameras
        ]
        return await self._ask_any("lookup", {"cameras": asked})

    async def _ask_any(self, call: str, args: dict[str, Any]) -> Sequence[Mapping[str, Json]]:
        """The answer of the first recorder that gives one. Raises Retryable: what the last one said."""
        sockets = await asyncio.to_thread(self._sockets)
        *others, last = [sockets[shard] for shard in sorted(sockets)]
        for socket in others:
            try:
                return await _answer(socket, call, args)
            except Retryable as error:
                _log.warning("%s does not answer: %r", socket.name, error)
        return await _answer(last, call, args)

    async def retry(self, shard: int, camera: CameraId) -> None:
        """Have the recorder of this shard try the camera at once, if it waits. Raises Retryable: it does not answer."""
        sockets = await asyncio.to_thread(self._sockets)
        async with Client(sockets[shard]) as recorder:
            await recorder.call("retry", {"cameras": [camera]})

    async def answers(self) -> list[Mapping[str, Any]]:
        """The `status` of every recorder that answers."""
        return [answer for answer in (await self.by_shard()).values() if answer is not None]

    async def volumes(self) -> Sequence[Mapping[str, Json]]:
        """What each recorder that answers says of each of its volumes."""
        return [volume for answer in await self.answers() for volume in answer["volumes"]]

    async def by_shard(self) -> Mapping[int, Mapping[str, Any] | None]:
        """The `status` of every recorder that should run; None for one that does not answer."""
        sockets = await asyncio.to_thread(self._sockets)
        answers = await asyncio.gather(*(_ask(socket) for socket in sockets.values()))
        return dict(zip(sockets, answers, strict=True))


async def _answer(socket: Path, call: str, args: dict[str, Any]) -> Sequence[Mapping[str, Json]]:
    async with Client(socket) as recorder:
        answer: Sequence[Mapping[str, Json]] = await recorder.call(call, args, deadline_s=_CHECK_S)
        return answer


async def _ask(socket: Path) -> Mapping[str, Any] | None:
    try:
        async with asyncio.timeout(_ASK_S), Client(socket) as recorder:
            answer: Mapping[str, Any] = await recorder.call("status")
            return answer
    except (NvrError, TimeoutError) as error:
        _log.warning("%s does not answer: %r", socket.name, error)
        return None


def _known(found: CoverageRows, moved: Iterable[MoveRow]) -> Known:
    there = [row for row in found.segments if row.state is SegmentState.SEALED]
    return Known(
        recorded=tuple(joined((row.start_utc_us, row.end_utc_us) for row in there)),
        began_utc_us=min((row.start_utc_us for row in there), default=None),
        vanished=vanished(found.segments),
        gaps=tuple((gap.from_utc_us, gap.to_utc_us, gap.cause) for gap in found.gaps),
        moves=tuple(moved),
    )


def _at(row: SegmentRow, own: Volume | None, second: Volume | None) -> SegmentAt:
    path, copy = (
        None if volume is None else volume.sealed_path(row.camera, row.start_utc_us, row.seg)
        for volume in (own, second)
    )
    if copy is not None and row.damaged_why is not None:
        path, copy = copy, path
    return SegmentAt(
        segment=row.seg,
        camera=row.camera,
        shard=row.shard,
        path=path,
        start_utc_us=row.start_utc_us,
        end_utc_us=row.end_utc_us,
        seal_index=row.ledger_index,
        copy=copy,
    )
