"""The session description of a simulated camera (RFC 8866, RFC 6184 section 8.1)."""

import base64

from nvr.sim.camera import SimCamera
from nvr.sim.encoder import ParameterSets
from nvr.sim.rtp import PAYLOAD_TYPE_H264, PAYLOAD_TYPE_PCMU

VIDEO_TRACK = "trackID=0"
AUDIO_TRACK = "trackID=1"
_JPEG = ("m=video 0 RTP/AVP 26", "a=rtpmap:26 JPEG/90000", "a=control:trackID=9")


def describe(camera: SimCamera, parameter_sets: ParameterSets, uri: str = "") -> bytes:
    """The body of the answer to DESCRIBE of `uri`: a video track, and an audio track when the camera has one."""
    sets = ",".join(base64.b64encode(nal).decode() for nal in (parameter_sets.sps, parameter_sets.pps))
    # profile_idc, constraint flags and level_idc: the three bytes after the NAL header of an SPS.
    profile_level_id = parameter_sets.sps[1:4].hex()
    parameters = f"packetization-mode=1;profile-level-id={profile_level_id};sprop-parameter-sets={sets}"
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        f"s={camera.name}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        *(_JPEG if camera.dialect.jpeg_first else ()),
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE_H264}",
        f"b=AS:{max(1, camera.bitrate_bps // 1000)}",
        f"a=rtpmap:{PAYLOAD_TYPE_H264} H264/90000",
        f"a=fmtp:{PAYLOAD_TYPE_H264} {parameters}",
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
