"""The session description of a simulated camera (RFC 8866, RFC 6184 section 8.1, RFC 7798 section 7.1)."""

import base64

from nvr.sim.camera import SimCamera
from nvr.sim.encoder import ParameterSets
from nvr.sim.rtp import PAYLOAD_TYPE_PCMU, PAYLOAD_TYPE_VIDEO

VIDEO_TRACK = "trackID=0"
AUDIO_TRACK = "trackID=1"
_JPEG = ("m=video 0 RTP/AVP 26", "a=rtpmap:26 JPEG/90000", "a=control:trackID=9")


def describe(camera: SimCamera, parameter_sets: ParameterSets, uri: str = "") -> bytes:
    """The body of the answer to DESCRIBE of `uri`: a video track, and an audio track when the camera has one."""
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        f"s={camera.name}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        *(_JPEG if camera.dialect.jpeg_first else ()),
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE_VIDEO}",
        f"b=AS:{max(1, camera.bitrate_bps // 1000)}",
        f"a=rtpmap:{PAYLOAD_TYPE_VIDEO} {parameter_sets.codec.upper()}/90000",
        f"a=fmtp:{PAYLOAD_TYPE_VIDEO} {_parameters(parameter_sets)}",
        f"a=framerate:{camera.fps}",
        f"a=control:{camera.dialect.control.format(uri=uri, track=VIDEO_TRACK)}",
    ]
    if camera.audio:
        lines += [
            f"m=audio 0 RTP/AVP {PAYLOAD_TYPE_PCMU}",
            f"a=rtpmap:{PAYLOAD_TYPE_PCMU} PCMU/8000",
            f"a=control:{AUDIO_TRACK}",
        ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _parameters(sets: ParameterSets) -> str:
    vps, sps, pps = (base64.b64encode(nal).decode() for nal in (sets.vps, sets.sps, sets.pps))
    if sets.codec == "h265":
        return f"sprop-vps={vps};sprop-sps={sps};sprop-pps={pps}"
    # profile_idc, constraint flags and level_idc: the three bytes after the NAL header of an SPS.
    profile_level_id = sets.sps[1:4].hex()
    return f"packetization-mode=1;profile-level-id={profile_level_id};sprop-parameter-sets={sps},{pps}"
