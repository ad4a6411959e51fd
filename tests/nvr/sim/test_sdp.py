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


def test_sound_is_offered_when_the_camera_hears() -> None:
    lines = describe(SimCamera("cam1", audio=True), SETS).decode().split("\r\n")
    assert lines.index("m=audio 0 RTP/AVP 0") > lines.index("a=control:trackID=0")
    assert lines[-2] == "a=control:trackID=1"
