import base64

from nvr.sim.camera import SimCamera
from nvr.sim.encoder import ParameterSets
from nvr.sim.sdp import describe

SETS = ParameterSets(sps=bytes.fromhex("6742c01ed9"), pps=bytes.fromhex("68ce3c80"))


def test_parameter_sets_and_profile_stand_in_the_description() -> None:
    lines = describe(SimCamera("cam1"), SETS).decode().split("\r\n")
    sets = ",".join(base64.b64encode(nal).decode() for nal in (SETS.sps, SETS.pps))
    assert f"a=fmtp:96 packetization-mode=1;profile-level-id=42c01e;sprop-parameter-sets={sets}" in lines
    assert lines[-1] == ""
    assert not [line for line in lines if line.startswith("m=audio")]


def test_h265_parameter_sets_stand_in_the_description() -> None:
    sets = ParameterSets(vps=b"\x40\x01v", sps=b"\x42\x01s", pps=b"\x44\x01p")
    lines = describe(SimCamera("cam1", codec="h265"), sets).decode().split("\r\n")
    assert "a=rtpmap:96 H265/90000" in lines
    assert "a=fmtp:96 sprop-vps=QAF2;sprop-sps=QgFz;sprop-pps=RAFw" in lines


def test_sound_is_offered_when_the_camera_hears() -> None:
    lines = describe(SimCamera("cam1", audio=True), SETS).decode().split("\r\n")
    assert lines.index("m=audio 0 RTP/AVP 0") > lines.index("a=control:trackID=0")
    assert lines[-2] == "a=control:trackID=1"
