"""All volumes of the configuration at once: asked of the disks, the recorders, the keeper and the index, each alone.

What does not answer is unknown, and holds up nothing else: this is what an administrator reads while things fail.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from config.model import Settings
from config.model import Volume as VolumeSetting
from nvr.app.index_port import RecorderStates
from nvr.app.shards import recorder_sockets
from nvr.app.volumes.footage import Footage, Footages
from nvr.app.volumes.known_disks import KnownDisks, load
from nvr.app.volumes.mounts import mounts
from nvr.app.volumes.seen import HANGS, VolumeSeen, remembered, see
from nvr.app.watch.probes import HangingError, Probes
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, NvrError
from nvr.base.wire import Client
from storage.volume_health import VolumeState

UNLISTED: Final = "unlisted"
"""The state of a volume of which a recorder has not heard yet."""

_ASK_S: Final = 5.0
_MOST_PROBES: Final = 64


@dataclass(frozen=True, slots=True)
class VolumeReport:
    """One volume. By shard what its recorder's `status` says of it: None where it does not answer.

    `keeper`: whether it uses it, None where it does not answer; `footage` None: the index can not be read, or the
    volume is not known.
    """

    setting: VolumeSetting
    seen: VolumeSeen
    recorders: Mapping[int, Mapping[str, Any] | None]
    keeper: bool | None
    footage: Footage | None

    @property
    def states(self) -> set[str]:
        """How it stands in the recorders that answer."""
        return {str(each.get("state")) for each in self.recorders.values() if each is not None}

    @property
    def growing(self) -> int:
        """How many segments grow there in the recorders that answer."""
        return sum(int(each.get("growing", 0)) for each in self.recorders.values() if each is not None)

    @property
    def takes_footage(self) -> bool:
        """Whether any recorder puts new footage there, or has not closed what grows."""
        return bool(self.states & {VolumeState.IN_SERVICE, VolumeState.FULL}) or self.growing > 0

    @property
    def unknown_recorders(self) -> list[int]:
        """The recorders of which nothing is known."""
        return [shard for shard, each in self.recorders.items() if each is None]

    def means(self, text: str) -> bool:
        """Whether a person who writes this means this volume: its path, its name or its id."""
        return text in (str(self.setting.path), self.setting.name, self.seen.volume)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything. `hung`: a look at a disk has not come back, and this process can not end by itself."""

    volumes: Sequence[VolumeReport]
    hung: bool

    def find(self, text: str) -> VolumeReport:
        """The volume that is meant. Raises InvalidValue: there is none, or more than one."""
        meant = [each for each in self.volumes if each.means(text)]
        if len(meant) != 1:
            names = ", ".join(str(each.setting.path) for each in self.volumes)
            raise InvalidValue(field="volume", value=text, expected=f"the path, name or id of one of: {names}")
        return meant[0]


async def overview(settings: Settings, clock: Clock) -> Overview:
    """Look at everything. Nothing of it takes longer than some seconds, but for an index of millions of segments."""
    known = await asyncio.to_thread(load, settings.paths.state)
    probes = Probes(_MOST_PROBES)
    try:
        seen, by_shard, keeper = await asyncio.gather(
            asyncio.gather(*(_see(setting, settings, known, probes) for setting in settings.volume)),
            RecorderStates(partial(recorder_sockets, settings)).by_shard(),
            _keeper(settings),
        )
    finally:
        probes.close()
    footages = Footages(settings.index_location, ZoneInfo(settings.system.timezone))
    told = [_told_of(setting, by_shard) for setting in settings.volume]
    named = _named(seen, told, await asyncio.to_thread(footages.volumes))
    now = clock.utc_us()
    reports = [
        VolumeReport(
            setting=setting,
            seen=one,
            recorders=recorders,
            keeper=None if keeper is None else str(setting.path) in keeper.get("volumes", {}).values(),
            footage=None if one.volume is None else await asyncio.to_thread(footages.on, one.volume, now),
        )
        for setting, one, recorders in zip(settings.volume, named, told, strict=True)
    ]
    return Overview(reports, hung=any(one.why == HANGS for one in seen))


async def _see(setting: VolumeSetting, settings: Settings, known: KnownDisks, probes: Probes) -> VolumeSeen:
    def look() -> VolumeSeen:
        return see(setting, settings.system.origin, known, mounts())

    try:
        return await probes.ask(str(setting.path), look, limit_s=_ASK_S)
    except HangingError:
        return remembered(setting, known, HANGS)


async def _keeper(settings: Settings) -> Mapping[str, Any] | None:
    try:
        async with asyncio.timeout(_ASK_S), Client(settings.paths.keeper_socket) as keeper:
            answer = await keeper.call("status")
    except (NvrError, TimeoutError):
        return None
    return answer if isinstance(answer, Mapping) else None


def _told_of(
    setting: VolumeSetting, by_shard: Mapping[int, Mapping[str, Any] | None]
) -> dict[int, Mapping[str, Any] | None]:
    found: dict[int, Mapping[str, Any] | None] = {}
    for shard, answer in by_shard.items():
        volumes = () if answer is None else answer.get("volumes", ())
        here = next((each for each in volumes if each.get("path") == str(setting.path)), {"state": UNLISTED})
        found[shard] = None if answer is None else here
    return found


def _named(
    seen: Sequence[VolumeSeen],
    told: Sequence[Mapping[int, Mapping[str, Any] | None]],
    with_footage: Sequence[str] | None,
) -> list[VolumeSeen]:
    """Give those that can not be read their ids: as recorders remember them, or as what is left over in the index."""
    named = []
    for one, recorders in zip(seen, told, strict=True):
        ids = {each["volume"] for each in recorders.values() if each is not None and each.get("volume")}
        named.append(replace(one, volume=ids.pop()) if one.volume is None and len(ids) == 1 else one)
    nameless = [at for at, one in enumerate(named) if one.volume is None]
    left = set(with_footage or ()) - {one.volume for one in named}
    if len(nameless) == 1 and len(left) == 1:
        named[nameless[0]] = replace(named[nameless[0]], volume=left.pop())
    return named
