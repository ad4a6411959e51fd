"""What a camera that is recorded says of itself over ONVIF, for `camera test`."""

from dataclasses import asdict, dataclass

from nvr.base.jcs import Json
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import host_of, is_encrypted
from recorder.onvif.device import Information, OnvifDevice
from recorder.onvif.media import Profile, profiles_of
from recorder.onvif.reach import Reach
from recorder.rtsp.auth import Credentials
from recorder.waiting import first_of


@dataclass(frozen=True, slots=True)
class Examined:
    """What became known. `cause` is why something is missing: many cameras have ONVIF off, or want a user for it.

    `largest` is the profile with the most pixels; None too for a camera with several lenses, since nothing says by
    which of them it is recorded.
    """

    information: Information | None = None
    clock_offset_us: int | None = None
    largest: Profile | None = None
    cause: Cause | None = None

    def to_json(self) -> dict[str, Json] | None:
        """As the call `check` answers it; None for a camera that said nothing."""
        if self.information is None and self.clock_offset_us is None:
            return None
        said = {} if self.information is None else asdict(self.information)
        return {
            "make": None,
            "model": None,
            "firmware": None,
            "serial": None,
            **said,
            "clock_offset_us": self.clock_offset_us,
        }


async def examine(reach: Reach, url: str, credentials: Credentials | None, *, limit_s: float) -> Examined:
    """Ask the camera that is recorded from this address, no longer than this."""
    if not host_of(url):
        return Examined(cause=Cause.NOT_FOUND)
    examined = await first_of(_examine(reach, url, credentials), reach.clock.sleep(limit_s))
    return examined or Examined(cause=Cause.TIMEOUT)


async def _examine(reach: Reach, url: str, credentials: Credentials | None) -> Examined:
    device: OnvifDevice | None = None
    information = None
    try:
        device = await reach.device(host_of(url), credentials, encrypted=is_encrypted(url))
        information = await device.information()
        profiles = await profiles_of(device)
    except CameraUnreachable as error:
        return Examined(information, None if device is None else device.clock_offset_us, None, error.cause)
    one_lens = len({profile.source for profile in profiles}) == 1
    largest = max(profiles, key=lambda profile: profile.pixels) if one_lens else None
    return Examined(information, device.clock_offset_us, largest)
