"""By which stream a camera is to be recorded: the answer of the call `lookup`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from nvr.base.jcs import Json
from recorder.errors import CameraUnreachable
from recorder.onvif.media import Choice, Profile, Reason, choose, profiles_of, stream_url
from recorder.onvif.reach import Reach, side_by_side
from recorder.rtsp.auth import Credentials


@dataclass(frozen=True, slots=True)
class Wanted:
    """A camera whose stream is looked for."""

    address: str
    channel: int
    credentials: Credentials | None


async def look_up(reach: Reach, wanted: Sequence[Wanted]) -> list[dict[str, Json]]:
    """The answer of the call `lookup`: per camera the address of its main stream, or why there is none."""
    return await side_by_side(wanted, lambda each: _look_up(reach, each))


async def _look_up(reach: Reach, wanted: Wanted) -> dict[str, Json]:
    try:
        device = await reach.device(wanted.address, wanted.credentials)
        choice = choose(await profiles_of(device), wanted.channel)
        url = None if choice.profile is None else await stream_url(device, choice.profile)
    except CameraUnreachable as error:
        return {"url": None, "cause": error.cause.value, "choice": None}
    if choice.profile is not None and url is None:
        choice = replace(choice, profile=None, reason=Reason.LOGIN_IN_PATH, others=(choice.profile, *choice.others))
    return {"url": url, "cause": None, "choice": choice_json(choice)}


def choice_json(choice: Choice) -> dict[str, Json]:
    """The choice as answers show it."""
    return {
        "profile": None if choice.profile is None else _profile_json(choice.profile),
        "reason": choice.reason.value,
        "others": [_profile_json(other) for other in choice.others],
        "channels": choice.channels,
    }


def _profile_json(profile: Profile) -> dict[str, Json]:
    return {key: value for key, value in asdict(profile).items() if key not in {"token", "source"}}
