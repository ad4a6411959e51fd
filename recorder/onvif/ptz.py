"""A dome asked over ONVIF: its spaces and presets, and where it looks (PTZ Service Specification)."""

from typing import Final
from xml.etree.ElementTree import Element

from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.device import OnvifDevice
from recorder.onvif.document import child, text
from recorder.onvif.soap import MEDIA, MEDIA2, PTZ, leaf
from recorder.ptz.dome import Description
from recorder.ptz.observation import Preset, shown_name
from recorder.ptz.position import PAN_TILT_DEGREES, PAN_TILT_GENERIC, Range, Ranges, Reading, Spaces, position_of

MOST_PRESETS: Final = 512
"""Beyond that they are not looked at: makes have 300 at most."""
_MOST_DIGITS: Final = 32


class OnvifDome:
    """One dome; `profile` is the token of a media profile, None for the first that has a head."""

    def __init__(self, device: OnvifDevice, profile: str | None) -> None:
        self._device = device
        self._profile = profile
        self._node = ""

    async def describe(self) -> Description:
        """Its spaces and presets; what it does not know how to tell is absent.

        Raises:
            CameraUnreachable: it does not answer, has no PTZ service, or refuses the login.
        """
        await self._find_profile()
        spaces = self._spaces(await self._if_known("GetNodes"))
        told = await self._if_known("GetPresets", self._named())
        presets = [] if told is None else [_preset(each, spaces) for each in told.findall("Preset")[:MOST_PRESETS]]
        return Description(spaces, tuple(preset for preset in presets if preset.name))

    async def read(self) -> Reading:
        """Where it looks, and whether it moves.

        Raises:
            CameraUnreachable: it does not answer.
        """
        status = child(await self._device.call(PTZ, "GetStatus", self._named()), "PTZStatus")
        place = _place(child(status, "Position"))
        states = [text(status, "MoveStatus", axis).upper() for axis in ("PanTilt", "Zoom")]
        known = [state for state in states if state in {"IDLE", "MOVING"}]
        return Reading(
            pan_tilt=place.pan_tilt,
            pan_tilt_space=place.pan_tilt_space,
            zoom=place.zoom,
            zoom_space=place.zoom_space,
            moving="MOVING" in known if known else None,
        )

    async def _find_profile(self) -> None:
        """The token of the profile to ask with, and of the node that it turns."""
        if PTZ not in await self._device.services():
            raise CameraUnreachable(Cause.NOT_FOUND, service=PTZ)
        media = MEDIA if MEDIA in await self._device.services() else MEDIA2
        content = leaf("Type", "PTZ") if media == MEDIA2 else ""
        profiles = (await self._device.call(media, "GetProfiles", content)).findall("Profiles")
        heads = {each.get("token", ""): _head(each) for each in profiles}
        with_head = [token for token, head in heads.items() if head is not None]
        if self._profile is None:
            self._profile = next(iter([*with_head, *heads]), None)
        if self._profile is None or self._profile not in heads:
            raise CameraUnreachable(Cause.NOT_FOUND, what="profile")
        self._node = text(heads[self._profile], "NodeToken")

    def _named(self) -> str:
        return leaf("ProfileToken", self._profile or "")

    async def _if_known(self, operation: str, content: str = "") -> Element | None:
        """The answer; None from a dome that does not know the operation."""
        try:
            return await self._device.call(PTZ, operation, content)
        except CameraUnreachable as error:
            if error.cause is not Cause.REJECTED:
                raise
            return None

    def _spaces(self, answer: Element | None) -> Spaces:
        nodes = [] if answer is None else answer.findall("PTZNode")
        node = next((each for each in nodes if each.get("token") == self._node), nodes[0] if nodes else None)
        supported = child(node, "SupportedPTZSpaces")
        told = [] if supported is None else supported.findall("AbsolutePanTiltPositionSpace")
        ranges = {text(each, "URI"): _ranges(each) for each in told}
        return Spaces(ranges.get(PAN_TILT_GENERIC), ranges.get(PAN_TILT_DEGREES))


def _head(profile: Element) -> Element | None:
    """The head that a profile turns, as the first media service has it, or the second."""
    found = child(profile, "PTZConfiguration")
    return child(profile, "Configurations", "PTZ") if found is None else found


def _preset(told: Element, spaces: Spaces) -> Preset:
    place = position_of(_place(child(told, "PTZPosition")), spaces)
    return Preset(shown_name(text(told, "Name"), told.get("token", "")), place)


def _place(position: Element | None) -> Reading:
    pan_tilt, zoom = child(position, "PanTilt"), child(position, "Zoom")
    x, y = _number(pan_tilt, "x"), _number(pan_tilt, "y")
    return Reading(
        pan_tilt=None if x is None or y is None else (x, y),
        pan_tilt_space=_space(pan_tilt),
        zoom=_number(zoom, "x"),
        zoom_space=_space(zoom),
    )


def _space(element: Element | None) -> str:
    return "" if element is None else element.get("space", "")


def _ranges(space: Element) -> Ranges | None:
    pan, tilt = _range(child(space, "XRange")), _range(child(space, "YRange"))
    return None if pan is None or tilt is None else Ranges(pan, tilt)


def _range(told: Element | None) -> Range | None:
    least, most = _parsed(text(told, "Min")), _parsed(text(told, "Max"))
    return None if least is None or most is None else (least, most)


def _number(element: Element | None, name: str) -> float | None:
    return None if element is None else _parsed(element.get(name, ""))


def _parsed(digits: str) -> float | None:
    """The number that stands there; None for anything else. What is not finite is refused with the position."""
    if len(digits) > _MOST_DIGITS:
        return None
    try:
        return float(digits)
    except ValueError:
        return None
