"""Which depacketiser reads which coding."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser

AnyDepacketiser: TypeAlias = type[H264Depacketiser] | type[H265Depacketiser]

_DEPACKETISERS: Final[Mapping[str, AnyDepacketiser]] = MappingProxyType(
    {"H264": H264Depacketiser, "H265": H265Depacketiser}
)


def depacketiser_of(encoding: str) -> AnyDepacketiser:
    """That of an encoding of `recorder.rtsp.sdp.SUPPORTED`."""
    return _DEPACKETISERS[encoding]
