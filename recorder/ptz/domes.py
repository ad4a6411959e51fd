"""The domes of one shard: one task for each camera that has a head, beside its recording."""

import asyncio
import logging
from typing import Final

from config.ptz import PtzSetting, parse_ptz
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId
from recorder.logins import Secrets, credentials_of
from recorder.onvif.ptz import OnvifDome
from recorder.onvif.reach import Reach
from recorder.ptz.dome import Dome, DomeParts, DomeStatus, Opener, PtzDevice
from recorder.ptz.observation import Pending
from storage.snapshot import CameraEntry

_log: Final = logging.getLogger(__name__)


class Domes:
    """The event loop owns it."""

    def __init__(self, parts: DomeParts) -> None:
        self._parts = parts
        self._domes: dict[CameraId, Dome] = {}

    def start(self, entry: CameraEntry, pending: Pending, group: asyncio.TaskGroup) -> None:
        """Ask this camera from now on, if it has a head and is not away; what was asked of it before ends."""
        self.stop(entry.camera)
        if entry.ptz is None or entry.absent:
            return
        try:
            setting = parse_ptz(entry.ptz)
        except InvalidValue:
            _log.exception("dome %s is not asked where it looks: edit the camera", entry.camera)
            return
        dome = self._domes[entry.camera] = Dome(entry, setting, pending, self._parts)
        group.create_task(dome.run())

    def stop(self, camera: CameraId) -> None:
        """Ask this camera no more."""
        dome = self._domes.pop(camera, None)
        if dome is not None:
            dome.stop()

    def stop_all(self) -> None:
        """Ask none any more."""
        for camera in [*self._domes]:
            self.stop(camera)

    def status(self, camera: CameraId) -> DomeStatus | None:
        """The dome as of now; None for a camera without a head."""
        dome = self._domes.get(camera)
        return None if dome is None else dome.status()


def onvif_opener(secrets: Secrets, reach: Reach) -> Opener:
    """Reaches domes by ONVIF, with the camera's own login."""

    async def open_dome(entry: CameraEntry, setting: PtzSetting) -> PtzDevice:
        device = await reach.device(setting.address, credentials_of(entry.secret, secrets))
        return OnvifDome(device, setting.profile)

    return open_dome
