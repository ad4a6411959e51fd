import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.clock import SystemClock
from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.camera import Profile as SimProfile
from nvr.sim.onvif.server import OnvifSimulator
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import address_of
from recorder.onvif.device import OnvifDevice
from recorder.onvif.media import Choice, Profile, Reason, choose, kept_url, profiles_of, stream_url
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust

MAIN = Profile("main", "main", "1", "H264", 1920, 1080, 25_000)
SUB = Profile("sub", "sub", "1", "H264", 640, 360, 25_000)
HEVC = Profile("hevc", "hevc", "1", "H265", 1920, 1080, 25_000)
SLOW = Profile("slow", "slow", "1", "H264", 1920, 1080, 12_000)
BARE = Profile("bare", "bare", "1", "", 0, 0, 0)
JPEG = Profile("jpeg", "jpeg", "1", "JPEG", 1920, 1080, 10_000)
FOURTH = Profile("fourth", "fourth", "4", "H264", 2592, 1944, 15_000)

ODD_ORDER = (
    SimProfile("p3", "snap", 1280, 720, "JPEG", uri="rtsp://{host}/jpeg"),
    SimProfile("p2", "minor", 640, 360, "H264", uri="rtsp://{host}/sub"),
    SimProfile("p1", "major", 2592, 1944, "H265", uri="rtsp://0.0.0.0:8554/main"),
)


@pytest.mark.parametrize(
    ("profiles", "token", "reason"),
    [
        ([SUB, MAIN], "main", Reason.LARGEST),
        ([SLOW, HEVC], "hevc", Reason.FASTER),
        ([HEVC, MAIN, SUB], "main", Reason.PLAYS_EVERYWHERE),
        ([SUB], "sub", Reason.ONLY),
        ([JPEG, MAIN], "main", Reason.ONLY),
        ([MAIN, BARE], "main", Reason.ONLY),
        ([JPEG, SUB], None, Reason.LARGER_IS_OTHER),
        ([BARE, SUB], None, Reason.OTHERS_UNSAID),
        ([JPEG], None, Reason.NO_PROFILE),
        ([], None, Reason.NO_PROFILE),
        ([MAIN, FOURTH], "main", Reason.ONLY),
    ],
)
def test_main_stream_is_chosen_and_the_reason_named(profiles: list[Profile], token: str | None, reason: Reason) -> None:
    choice = choose(profiles)
    assert (choice.profile.token if choice.profile else None, choice.reason) == (token, reason)


def test_channel_names_the_lens_and_one_that_is_not_there_is_refused() -> None:
    assert choose([MAIN, SUB, FOURTH], 2).profile == FOURTH
    assert choose([MAIN, SUB, FOURTH], 3) == Choice(None, Reason.NO_CHANNEL, (MAIN, SUB, FOURTH), 2)


codings = st.sampled_from(["H264", "H265", "JPEG", "MPEG4", ""])
anything = st.builds(
    Profile,
    token=st.text(max_size=3),
    name=st.just(""),
    source=st.sampled_from(["1", "2"]),
    coding=codings,
    width=st.sampled_from([0, 352, 640, 1920]),
    height=st.sampled_from([0, 288, 360, 1080]),
    fps_milli=st.integers(0, 60_000),
)


@given(st.lists(anything, max_size=8))
def test_nothing_larger_of_the_same_view_is_ever_passed_over(profiles: list[Profile]) -> None:
    choice = choose(profiles)
    if choice.profile is not None:
        same = [profile for profile in profiles if profile.source == choice.profile.source]
        assert choice.profile.pixels == max(profile.pixels for profile in same) > 0
        assert choice.profile.coding in {"H264", "H265"}


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("rtsp://0.0.0.0/s1", "rtsp://10.0.0.7/s1"),
        ("rtsp://192.168.1.108:8554/cam?channel=1&subtype=0", "rtsp://10.0.0.7:8554/cam?channel=1&subtype=0"),
        ("RTSP://admin:12345@192.168.1.64:554/Streaming/Channels/101", "rtsp://10.0.0.7:554/Streaming/Channels/101"),
        ("rtsps://camera/live", "rtsps://10.0.0.7/live"),
        ("rtsp://10.0.0.7/a?user=admin&password=1&stream=0", "rtsp://10.0.0.7/a?stream=0"),
        ("rtsp://10.0.0.7/user=admin&password=secret&channel=1&stream=0.sdp", None),
        ("rtsp://admin:1/2@10.0.0.7/s", None),
        ("rtsp://admin:1?2@10.0.0.7/s", None),
        ("rtsp://admin:1#2@10.0.0.7/s", None),
    ],
)
def test_stream_address_is_kept_as_reached_and_without_a_login(uri: str, kept: str | None) -> None:
    assert kept_url(uri, "10.0.0.7") == kept


def test_host_of_ipv6_stands_in_brackets() -> None:
    assert kept_url("rtsp://[::]/s", "2001:db8::7") == "rtsp://[2001:db8::7]/s"


@pytest.mark.parametrize(
    "uri", ["", "http://h/x", "rtsp://h:99999/x", "rtsp://h/a b", "rtsp://h/\r\nX: y", "file:///x"]
)
def test_stream_address_that_is_none_is_garbage(uri: str) -> None:
    with pytest.raises(CameraUnreachable) as failed:
        kept_url(uri, "10.0.0.7")
    assert failed.value.cause is Cause.GARBAGE


async def lookup(camera: OnvifCamera) -> tuple[Choice, str | None]:
    async with OnvifSimulator(camera) as simulator:
        device = await OnvifDevice.connect(
            address_of(simulator.url), Credentials("viewer", "pass"), clock=SystemClock(), trust=Trust(), timeout_s=20
        )
        choice = choose(await profiles_of(device))
        return choice, None if choice.profile is None else await stream_url(device, choice.profile)


async def test_main_stream_in_h265_is_found_by_the_second_media_service() -> None:
    choice, url = await lookup(OnvifCamera(profiles=ODD_ORDER, login="digest"))
    assert (choice.profile, choice.reason) == (
        Profile("p1", "major", "lens-1", "H265", 2592, 1944, 25_000),
        Reason.LARGEST,
    )
    assert url == "rtsp://127.0.0.1:8554/main"


async def test_camera_with_the_first_media_service_alone_is_not_taken_at_its_sub_stream() -> None:
    choice, _ = await lookup(OnvifCamera(profiles=ODD_ORDER[1:], media2=False))
    assert (choice.profile, choice.reason) == (None, Reason.OTHERS_UNSAID)


async def test_first_media_service_gives_the_address_too() -> None:
    camera = OnvifCamera(
        profiles=(SimProfile("a&b", "<main>", 1920, 1080, uri="rtsp://u:p@{host}/x"),), media2=False, get_services=False
    )
    choice, url = await lookup(camera)
    assert choice.profile is not None
    assert (choice.profile.token, choice.profile.name, url) == ("a&b", "<main>", "rtsp://127.0.0.1/x")
