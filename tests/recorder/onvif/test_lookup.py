from typing import Any

from nvr.base.clock import SystemClock
from nvr.sim.onvif.camera import OnvifCamera, Profile
from nvr.sim.onvif.server import OnvifSimulator
from recorder.onvif.lookup import Wanted, look_up
from recorder.onvif.reach import Reach
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust

REACH = Reach(SystemClock(), Trust(), timeout_s=20)
RIGHT = Credentials("viewer", "pass")
LENSES = tuple(Profile(f"p{n}", f"lens {n}", 1920, 1080, uri=f"rtsp://{{host}}/{n}", source=f"s{n}") for n in (1, 2))


async def looked_up(camera: OnvifCamera, *, channel: int = 1, login: Credentials | None = RIGHT) -> dict[str, Any]:
    async with OnvifSimulator(camera) as simulator:
        (found,) = await look_up(REACH, [Wanted(f"127.0.0.1:{simulator.port}", channel, login)])
        return found


async def test_stream_is_found_and_the_choice_explained() -> None:
    camera = OnvifCamera(profiles=(Profile("s", "sub", 640, 360), Profile("m", "main", 1920, 1080, uri="rtsp://0/m")))
    assert await looked_up(camera) == {
        "url": "rtsp://127.0.0.1/m",
        "cause": None,
        "choice": {
            "profile": {"name": "main", "coding": "H264", "width": 1920, "height": 1080, "fps_milli": 25_000},
            "reason": "largest",
            "others": [{"name": "sub", "coding": "H264", "width": 640, "height": 360, "fps_milli": 25_000}],
            "channels": 1,
        },
    }


async def test_channel_chooses_the_lens() -> None:
    assert (await looked_up(OnvifCamera(profiles=LENSES), channel=2))["url"] == "rtsp://127.0.0.1/2"
    missing = await looked_up(OnvifCamera(profiles=LENSES), channel=3)
    assert (missing["url"], missing["choice"]["reason"], missing["choice"]["channels"]) == (None, "no-channel", 2)


async def test_password_within_the_path_is_neither_kept_nor_told() -> None:
    uri = "rtsp://{host}/user=viewer&password=s3cret&channel=1"
    found = await looked_up(OnvifCamera(profiles=(Profile("m", "main", 1920, 1080, uri=uri),)))
    assert (found["url"], found["choice"]["profile"], found["choice"]["reason"]) == (None, None, "login-in-path")
    assert "s3cret" not in repr(found)


async def test_camera_that_can_not_be_asked_says_why_and_the_others_are_found() -> None:
    async with OnvifSimulator(OnvifCamera()) as simulator:
        place = f"127.0.0.1:{simulator.port}"
        wanted = [Wanted(place, 1, None), Wanted("::::", 1, RIGHT), Wanted(place, 1, RIGHT)]
        found = await look_up(REACH, wanted)
    assert [each["cause"] for each in found] == ["unauthorized", "garbage", None]
    assert found[2]["url"] == "rtsp://127.0.0.1:554/stream"
