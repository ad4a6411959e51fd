"""One look at all disks of the volumes, remembered for the day on which one of them does not answer any more."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from config.model import Settings
from config.model import Volume as VolumeSetting
from nvr.app.volumes.known_disks import KnownDisk, KnownDisks, KnownVolume, load, store
from nvr.app.volumes.mounts import mounts
from nvr.app.volumes.seen import VolumeSeen, see
from nvr.app.volumes.smart import SLEEPS, Health, Verdict
from nvr.app.volumes.smartctl import health_of
from nvr.app.watch.probes import HangingError, Probes
from nvr.base.clock import Clock

Ask = Callable[[str], Health]

_MOST_PROBES = 64


async def look_at_disks(settings: Settings, clock: Clock, ask: Ask = health_of) -> tuple[KnownDisks, bool]:
    """Look, and write down what was seen; what is known now, and whether a disk hangs.

    Of a volume that can not be read what was known before stays; those that left the configuration are forgotten.

    Raises:
        OSError: it can not be written down.
    """
    before = await asyncio.to_thread(load, settings.paths.state)
    paths = {str(setting.path) for setting in settings.volume}
    known = KnownDisks({volume: one for volume, one in before.volumes.items() if one.path in paths})
    probes = Probes(_MOST_PROBES)
    try:
        looks = (_look(setting, settings, before, probes, ask) for setting in settings.volume)
        found = await asyncio.gather(*looks)
    finally:
        probes.close()
    for setting, seen in zip(settings.volume, found, strict=True):
        if seen is not None and seen.volume is not None and seen.why is None:
            known = known.with_volume(seen.volume, KnownVolume(str(setting.path), seen.disks, clock.utc_us()))
    await asyncio.to_thread(store, settings.paths.state, known)
    return known, None in found


async def _look(
    setting: VolumeSetting, settings: Settings, known: KnownDisks, probes: Probes, ask: Ask
) -> VolumeSeen | None:
    """The volume with the health of its disks; None where its disk hangs."""

    def look() -> VolumeSeen:
        return see(setting, settings.system.origin, known, mounts())

    try:
        seen = await probes.ask(str(setting.path), look)
    except HangingError:
        return None
    if seen.why is not None or seen.disks_seen_utc_us is not None:
        return seen
    return replace(seen, disks=tuple([await asyncio.to_thread(_asked, one, ask) for one in seen.disks]))


def _asked(one: KnownDisk, ask: Ask) -> KnownDisk:
    health = ask(one.disk.name)
    if health.verdict is Verdict.UNKNOWN and SLEEPS in health.reasons and one.health.verdict is not Verdict.UNKNOWN:
        return one  # it said so before it fell asleep
    return KnownDisk(one.disk, health)
