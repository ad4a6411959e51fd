"""The volumes of one shard while it records: they come, fail, go, and come back (docs/design/storage.md "Volumes")."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.model import Volume as VolumeSetting
from nvr.app.roles.faults import Faults
from nvr.app.roles.leftovers import Leftovers, Recovery
from nvr.app.roles.volumes import VolumeRouter
from nvr.base.clock import Clock
from nvr.base.ids import CameraId
from storage.keyring import KeyringReader
from storage.sealing import SealedSegment, SealerIdentity
from storage.volume import Space, Volume, VolumeId, VolumeLost, open_volume
from storage.volume_health import Standing, VolumeHealth, VolumeState
from storage.volume_writer import VolumeWriter

AWAY: Final = "volume-away"
ERRING: Final = "volume-erring"

DRAINED: Final = "a person drained it"

_LOOK_S: Final = 1.0
_STOP_S: Final = 5.0
"""How long a look waits for a writer to end; a disk that does not let go is looked at again."""

Rotate = Callable[[Iterable[CameraId]], Awaitable[object]]
"""Closes the growing segments of these cameras."""


@dataclass(slots=True)
class _Place:
    """Where a volume is, or should be. `writer` is None while there is none."""

    path: Path
    wanted: bool = True
    drain: bool = False
    """A person wants nothing new there."""
    volume: VolumeId | None = None
    """The one that was there: no other is taken in its place."""
    writer: VolumeWriter | None = None
    away: Standing | None = None
    """Why there is no writer."""


class ShardVolumes:
    """Keeps a writer on each volume of the configuration that is itself, and the router informed.

    `begin` first, in a thread; then `follow` and `recovery.run` as tasks; `stop` at the end, in a thread. What grew on
    a volume is listed before anything new grows there, and recovered beside recording: where there is one volume,
    nothing would be recorded meanwhile. A volume on which a call failed does not come back to this process. Each is
    looked at by itself: one whose disk hangs keeps no other from coming.
    """

    def __init__(
        self,
        configured: Callable[[], Iterable[VolumeSetting]],
        shard: int,
        identity: SealerIdentity,
        make: Callable[[Volume], VolumeWriter],
        *,
        keyring: KeyringReader,
        sealed: Callable[[SealedSegment], None],
        faults: Faults,
        clock: Clock,
    ) -> None:
        """`configured` blocks; `make` gives a writer that has not begun; `sealed` is told what was recovered."""
        self.router = VolumeRouter()
        self.recovery = Recovery(sealed)
        self._configured = configured
        self._shard = shard
        self._identity = identity
        self._make = make
        self._keyring = keyring
        self._faults = faults
        self._clock = clock
        self._places: dict[Path, _Place] = {}
        self._erred: set[VolumeId] = set()

    @property
    def writers(self) -> list[VolumeWriter]:
        """Those that run, in service or not."""
        return [place.writer for place in self._places.values() if place.writer is not None]

    def use_identity(self, identity: SealerIdentity) -> None:
        """Segments opened from now on are sealed under this identity."""
        self._identity = identity
        for writer in self.writers:
            writer.use_identity(identity)

    def begin(self) -> None:
        """Take what there is of the configured volumes; one that is not there is told, and may come later. Blocking."""
        for setting in self._configured():
            place = self._places[setting.path] = _Place(setting.path, drain=setting.drain)
            try:
                self._join(place, *self._opened(place))
            except VolumeLost as error:
                self._tell_away(place, error)

    def stop(self) -> None:
        """Close every segment, and end all writers. Blocking."""
        for writer in self.writers:
            writer.stop(drain=True)

    async def follow(self, rotate: Rotate) -> None:
        """Look after each volume, and after the list of them, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for place in self._places.values():
                group.create_task(self._tend(place, rotate))
            while True:
                await self._clock.sleep(_LOOK_S)
                settings = {one.path: one for one in await asyncio.to_thread(self._configured)}
                for place in self._places.values():
                    place.wanted = place.path in settings
                for path, setting in settings.items():
                    if path not in self._places:
                        place = self._places[path] = _Place(path)
                        group.create_task(self._tend(place, rotate))
                    self._places[path].drain = setting.drain

    def status(self) -> list[dict[str, Any]]:
        """Every volume of the configuration as the recorder's `status` tells it (docs/design/processes.md)."""
        return [self._status(place) for place in self._places.values()]

    async def _tend(self, place: _Place, rotate: Rotate) -> None:
        while place.wanted:
            await self._look(place)
            await self._drain_or_take_back(place, rotate)
            await self._clock.sleep(_LOOK_S)
        await self._leave(place, rotate)

    async def _look(self, place: _Place) -> None:
        writer = place.writer
        if writer is None:
            await self._come(place)
        elif writer.lost is not None:
            erring = writer.lost.state is VolumeState.ERRING
            self._faults.tell(ERRING if erring else AWAY, place.path, writer.lost.reason)
            if erring:
                self._erred.add(writer.volume.id)
            elif await self._has_stopped(writer):
                self.router.remove(writer)
                place.writer, place.away = None, writer.lost

    async def _drain_or_take_back(self, place: _Place, rotate: Rotate) -> None:
        writer = place.writer
        if writer is None or place.drain == self.router.is_draining(writer):
            return
        if place.drain:
            self.router.drain(writer)
            await rotate(self.router.growing_on(writer))
        else:
            self.router.take_back(writer)

    async def _come(self, place: _Place) -> None:
        try:
            writer, leftovers = await asyncio.to_thread(self._opened, place)
        except VolumeLost as error:
            self._tell_away(place, error)
        else:
            self._join(place, writer, leftovers)

    async def _leave(self, place: _Place, rotate: Rotate) -> None:
        """The volume is on the list no more: its cameras go elsewhere, each at the end of a whole record."""
        writer = place.writer
        if writer is not None:
            self.router.drain(writer)
            await rotate(self.router.growing_on(writer))
            while self.router.growing_on(writer) or not await self._has_stopped(writer):
                await self._clock.sleep(_LOOK_S)
            self.router.remove(writer)
        for fault in (AWAY, ERRING):
            self._faults.over(fault, place.path)
        del self._places[place.path]

    @staticmethod
    async def _has_stopped(writer: VolumeWriter) -> bool:
        return await asyncio.to_thread(lambda: writer.stop(drain=True, timeout_s=_STOP_S))

    def _opened(self, place: _Place) -> tuple[VolumeWriter, Leftovers]:
        volume = open_volume(place.path, self._identity.origin)
        self._check_is_wanted(place, volume)
        writer = self._make(volume)
        writer.start()  # which locks what grew there; nothing new does before the router knows of it
        return writer, Leftovers([volume], self._shard, self._keyring, self._faults)

    def _check_is_wanted(self, place: _Place, volume: Volume) -> None:
        what = None
        if place.volume not in (None, volume.id):
            what = f"is volume {volume.id}, not {place.volume}"
        elif volume.id in self._erred:
            what = "a call failed there; it is taken again when the recorder starts"
        elif any(writer.volume.id == volume.id for writer in self.writers):
            what = f"volume {volume.id} is in use at another path"
        if what is not None:
            raise VolumeLost(path=str(place.path), what=what)

    def _join(self, place: _Place, writer: VolumeWriter, leftovers: Leftovers) -> None:
        writer.use_identity(self._identity)
        place.volume, place.writer, place.away = writer.volume.id, writer, None
        self.recovery.add(leftovers)
        self._faults.over(AWAY, place.path)
        self.router.add(writer)
        if place.drain:
            self.router.drain(writer)

    def _tell_away(self, place: _Place, error: VolumeLost) -> None:
        place.away = Standing(VolumeState.AWAY, str(error.fields["what"]))
        self._faults.tell(AWAY, place.path, place.away.reason)

    def _status(self, place: _Place) -> dict[str, Any]:
        writer = place.writer
        standing = self._standing(place)
        health = VolumeHealth(self._clock) if writer is None else writer.health
        space = Space(0, 0) if writer is None else writer.space
        return {
            "path": str(place.path),
            "volume": place.volume,
            "state": standing.state.value,
            "reason": standing.reason,
            "free_bytes": space.free_bytes,
            "total_bytes": space.total_bytes,
            "worst_write_us": health.writes.worst_us(),
            "worst_sync_us": health.syncs.worst_us(),
            "errors": dict(health.errors),
            "cameras": [] if writer is None else list(self.router.homed_on(writer)),
            "growing": 0 if writer is None else len(self.router.growing_on(writer)),
        }

    def _standing(self, place: _Place) -> Standing:
        writer = place.writer
        if writer is None:
            return place.away or Standing(VolumeState.AWAY)
        if writer.lost is None and self.router.is_draining(writer):
            return Standing(VolumeState.DRAINING, DRAINED if place.wanted else "on the list no more")
        return writer.standing
