"""The head of a simulated dome: where it looks, what it is told, and the PTZ service that says so."""

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from nvr.sim.onvif.camera import Head, Preset
from nvr.sim.onvif.words import Asked, Fault

_SPACES: Final = "http://www.onvif.org/ver10/tptz"
PAN_TILT: Final = f"{_SPACES}/PanTiltSpaces/PositionGenericSpace"
PAN_TILT_DEGREES: Final = f"{_SPACES}/PanTiltSpaces/SphericalPositionSpaceDegrees"
ZOOM: Final = f"{_SPACES}/ZoomSpaces/PositionGenericSpace"
_PAN_DEGREES: Final = 180.0
_TILT_DEGREES: Final = 45.0
"""Tilt in degrees is -90 (down) to 0 for -1 to 1."""


@dataclass(slots=True)
class HeadState:
    """Where the head looks, in the generic space; a test may set any of it. `ptz` answers the service."""

    head: Head
    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    moving: bool = False
    polls: int = 0
    """How often GetStatus was asked."""

    def look(self, pan: float, tilt: float, zoom: float = 0.0) -> None:
        """Turn there at once."""
        self.pan, self.tilt, self.zoom = pan, tilt, zoom

    def go(self, token: str) -> None:
        """Turn to a preset at once. Raises Fault: there is none of this name."""
        preset = self._preset(token)
        self.look(preset.pan, preset.tilt, preset.zoom)

    def ptz(self, asked: Asked, utc: str) -> str:
        """The answer to an operation of the PTZ service. Raises Fault."""
        match asked.operation:
            case "GetStatus":
                self.polls += 1
                status = f"<tptz:PTZStatus>{self._status(utc)}</tptz:PTZStatus>"
                return f"<tptz:GetStatusResponse>{status}</tptz:GetStatusResponse>"
            case "GetPresets":
                presets = "".join(self._shown(preset) for preset in self.head.presets)
                return f"<tptz:GetPresetsResponse>{presets}</tptz:GetPresetsResponse>"
            case "GetNodes":
                return f"<tptz:GetNodesResponse>{self._node('PTZNode')}</tptz:GetNodesResponse>"
            case "GetNode":
                return f"<tptz:GetNodeResponse>{self._node('PTZNode')}</tptz:GetNodeResponse>"
            case "GetConfigurations":
                return f"<tptz:GetConfigurationsResponse>{self._configuration()}</tptz:GetConfigurationsResponse>"
            case "GotoPreset":
                self.go(asked.text("PresetToken"))
                return "<tptz:GotoPresetResponse/>"
            case "AbsoluteMove":
                self._move(asked)
                return "<tptz:AbsoluteMoveResponse/>"
            case operation:
                raise Fault("ActionNotSupported", operation)

    def _move(self, asked: Asked) -> None:
        pan_tilt, zoom = asked.find("PanTilt"), asked.find("Zoom")
        if pan_tilt is not None:
            self.pan, self.tilt = float(pan_tilt.get("x", "0")), float(pan_tilt.get("y", "0"))
            if pan_tilt.get("space") == PAN_TILT_DEGREES:
                self.pan, self.tilt = self.pan / _PAN_DEGREES, self.tilt / _TILT_DEGREES + 1
        if zoom is not None:
            self.zoom = float(zoom.get("x", "0"))

    def _preset(self, token: str) -> Preset:
        for preset in self.head.presets:
            if preset.token == token:
                return preset
        raise Fault("NoToken", "The requested preset token does not exist.")

    def _status(self, utc: str) -> str:
        position = self._position(self.pan, self.tilt, self.zoom) if self.head.tells_position else ""
        state = "MOVING" if self.moving else "IDLE"
        movement = f"<tt:PanTilt>{state}</tt:PanTilt><tt:Zoom>{state}</tt:Zoom>"
        movement = f"<tt:MoveStatus>{movement}</tt:MoveStatus>" if self.head.tells_movement else ""
        return f"{position}{movement}<tt:UtcTime>{utc}</tt:UtcTime>"

    def _position(self, pan: float, tilt: float, zoom: float, name: str = "tt:Position") -> str:
        space = PAN_TILT
        if self.head.default_degrees:
            space, pan, tilt = PAN_TILT_DEGREES, pan * _PAN_DEGREES, (tilt - 1) * _TILT_DEGREES
        return (
            f'<{name}><tt:PanTilt x="{pan:.6f}" y="{tilt:.6f}" space="{space}"/>'
            f'<tt:Zoom x="{zoom:.6f}" space="{ZOOM}"/></{name}>'
        )

    def _shown(self, preset: Preset) -> str:
        position = self._position(preset.pan, preset.tilt, preset.zoom, "tt:PTZPosition")
        return (
            f"<tptz:Preset token={quoteattr(preset.token)}><tt:Name>{escape(preset.name)}</tt:Name>{position}"
            "</tptz:Preset>"
        )

    def _node(self, name: str) -> str:
        spaces = _space("AbsolutePanTiltPositionSpace", PAN_TILT, (-1, 1), (-1, 1))
        if self.head.degrees or self.head.default_degrees:
            spaces += _space("AbsolutePanTiltPositionSpace", PAN_TILT_DEGREES, (-180, 180), (-90, 0))
        spaces += _space("AbsoluteZoomPositionSpace", ZOOM, (0, 1))
        return (
            f'<tptz:{name} token="node" FixedHomePosition="false"><tt:Name>head</tt:Name>'
            f"<tt:SupportedPTZSpaces>{spaces}</tt:SupportedPTZSpaces>"
            f"<tt:MaximumNumberOfPresets>{max(len(self.head.presets), 1)}</tt:MaximumNumberOfPresets>"
            f"<tt:HomeSupported>false</tt:HomeSupported></tptz:{name}>"
        )

    def _configuration(self) -> str:
        space = PAN_TILT_DEGREES if self.head.default_degrees else PAN_TILT
        return (
            '<tptz:PTZConfiguration token="ptz"><tt:Name>ptz</tt:Name><tt:UseCount>1</tt:UseCount>'
            "<tt:NodeToken>node</tt:NodeToken>"
            f"<tt:DefaultAbsolutePantTiltPositionSpace>{space}</tt:DefaultAbsolutePantTiltPositionSpace>"
            f"<tt:DefaultAbsoluteZoomPositionSpace>{ZOOM}</tt:DefaultAbsoluteZoomPositionSpace>"
            "</tptz:PTZConfiguration>"
        )


def _space(name: str, uri: str, x: tuple[float, float], y: tuple[float, float] | None = None) -> str:
    ranges = _range("XRange", x) + ("" if y is None else _range("YRange", y))
    return f"<tt:{name}><tt:URI>{uri}</tt:URI>{ranges}</tt:{name}>"


def _range(name: str, ends: tuple[float, float]) -> str:
    return f"<tt:{name}><tt:Min>{ends[0]}</tt:Min><tt:Max>{ends[1]}</tt:Max></tt:{name}>"
