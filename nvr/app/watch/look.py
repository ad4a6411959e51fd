"""Looks at everything: asks every role how it is, and reads what the watch may read. Nothing of it waits for long."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from config.model import Settings
from config.model import Volume as VolumeSetting
from nvr.app.shards import recorder_sockets
from nvr.app.volume_settings import VolumeSettings
from nvr.app.watch.files import (
    backup_seen,
    cameras_seen,
    failing_disks,
    index_orders,
    set_in_force,
    unseen_volume,
    volume_seen,
)
from nvr.app.watch.observation import BackupSeen, ChannelFailing, Observation, VolumeSeen
from nvr.app.watch.probes import HangingError, Probes
from nvr.app.watch.rates import Rate, Rates
from nvr.app.watch.readings import RecorderSeen, access_seen, keeper_seen, recorder_seen
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.units import US_PER_SECOND
from nvr.base.wire import Client
from recorder.server_clock import kernel_is_synchronised
from storage.index.rows import Order

T = TypeVar("T")

_ANSWER_S: Final = 5.0
_LATELY_US: Final = 900 * US_PER_SECOND
_BEHIND_US: Final = 300 * US_PER_SECOND
_INDEX_LOOKS: Final = 6
"""So many looks later the index should have what the ledger had."""
_MOST_PROBES: Final = 72
"""64 volumes, and what else is looked at; a thread begins only when it is needed."""


class Looker:
    """Makes one observation after the other; what needs two looks to be seen is remembered here. One event loop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._volumes = VolumeSettings(settings)
        self.probes = Probes(_MOST_PROBES)
        self._sockets: Mapping[int, Path] = {}
        self._pids: dict[str, int] = {}
        self._restarts: dict[str, deque[int]] = {}
        self._rates = Rates()
        self._dropped: dict[str, int] = {}
        self._behind: dict[str, deque[tuple[int, int]]] = {}
        self._ledger_sizes: deque[int | None] = deque(maxlen=_INDEX_LOOKS)

    async def look(self, failing: Sequence[ChannelFailing] = ()) -> Observation:
        """How everything is now; `failing`: the channels that do not work."""
        settings, paths = self._settings, self._settings.paths
        self._sockets = sockets = await self._probe("sockets", partial(recorder_sockets, settings), self._sockets)
        roles = {"keeper": paths.keeper_socket, "access": paths.access_socket}
        roles |= {f"recorder-{shard}": socket for shard, socket in sockets.items()}
        answers = dict(zip(roles, await asyncio.gather(*map(self._ask, roles, roles.values())), strict=True))
        recorders = {shard: self._recorder(answers[f"recorder-{shard}"]) for shard in sockets}
        keeper = None if answers["keeper"] is None else keeper_seen(answers["keeper"])
        volumes = await self._probe("configuration", self._volumes.last_good, settings.volume)
        before = self._ledger_sizes[0] if len(self._ledger_sizes) == _INDEX_LOOKS else None
        self._ledger_sizes.append(None if keeper is None else keeper.ledger_size)
        return Observation(
            now_utc_us=self._clock.utc_us(),
            cameras=await self._probe("snapshot", partial(cameras_seen, paths.camera_snapshot), None),
            recorders=recorders,
            keeper=keeper,
            ledger_before=before,
            access=None if answers["access"] is None else access_seen(answers["access"]),
            volumes=await asyncio.gather(*map(self._volume, volumes)),
            failing_disks=await self._probe("disks", partial(failing_disks, volumes, paths.state), {}),
            orders=await self._orders(),
            custodians=await self._probe("set", partial(set_in_force, paths.custodians), None),
            clock_synchronised=kernel_is_synchronised(),
            restarts=self._restarted(),
            rates=self._recorded(recorders.values()),
            fell_behind=self._fell_behind(recorders.values()),
            failing_channels=failing,
            backup=await self._backup(),
            key_places=[str(place) for place in settings.keyring.places],
        )

    async def _ask(self, role: str, socket: Path) -> Mapping[str, Any] | None:
        try:
            async with asyncio.timeout(_ANSWER_S), Client(socket) as client:
                answer = await client.call("status")
                self._note_pid(role, client.peer_pid())
        except (NvrError, TimeoutError):
            return None
        return answer if isinstance(answer, Mapping) else {}

    def _recorder(self, answer: Mapping[str, Any] | None) -> RecorderSeen | None:
        return None if answer is None else recorder_seen(answer)

    async def _orders(self) -> Sequence[Order] | None:
        return await self._probe("orders", partial(index_orders, self._settings.index_location), None)

    async def _backup(self) -> BackupSeen | None:
        backup = self._settings.backup
        if not backup.recipients:
            return None
        look = partial(backup_seen, self._settings.paths.last_backup, backup.old_days)
        return await self._probe("backup", look, BackupSeen(None, backup.old_days))

    async def _volume(self, setting: VolumeSetting) -> VolumeSeen:
        hanging = unseen_volume(setting, "does not answer")
        look = partial(volume_seen, setting, self._settings.system.origin)
        return await self._probe(f"volume {setting.name}", look, hanging)

    async def _probe(self, name: str, look: Callable[[], T], default: T) -> T:
        try:
            return await self.probes.ask(name, look)
        except HangingError:
            return default

    def _note_pid(self, role: str, pid: int | None) -> None:
        if pid is None:
            return
        if self._pids.get(role, pid) != pid:
            self._restarts.setdefault(role, deque()).append(self._clock.mono_us())
        self._pids[role] = pid

    def _restarted(self) -> dict[str, int]:
        begin_us = self._clock.mono_us() - _LATELY_US
        for times in self._restarts.values():
            while times and times[0] < begin_us:
                times.popleft()
        return {role: len(times) for role, times in self._restarts.items() if times}

    def _recorded(self, recorders: Iterable[RecorderSeen | None]) -> dict[str, Rate]:
        states = [state for each in recorders if each is not None for state in each.cameras.values()]
        self._rates.note(states, self._clock.mono_us())
        return self._rates.of_now()

    def _fell_behind(self, recorders: Iterable[RecorderSeen | None]) -> dict[str, int]:
        now_us = self._clock.mono_us()
        for recorder in recorders:
            for camera, state in () if recorder is None else recorder.cameras.items():
                self._note_dropped(camera, state.get("dropped"), now_us)
        for lately in self._behind.values():
            while lately and lately[0][0] < now_us - _BEHIND_US:
                lately.popleft()
        return {camera: sum(each[1] for each in lately) for camera, lately in self._behind.items() if lately}

    def _note_dropped(self, camera: str, dropped: object, now_us: int) -> None:
        if type(dropped) is not int:
            return
        before = self._dropped.get(camera, dropped)
        self._dropped[camera] = dropped
        # Counters begin with the camera's worker: a smaller one has begun anew.
        more = dropped - before if dropped >= before else dropped
        if more:
            self._behind.setdefault(camera, deque()).append((now_us, more))
