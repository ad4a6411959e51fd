import asyncio
from dataclasses import replace

import pytest

from nvr.base.clock import SystemClock
from nvr.base.units import US_PER_SECOND
from nvr.sim.onvif.camera import OnvifCamera, Profile
from nvr.sim.onvif.discovery import Answering
from nvr.sim.onvif.server import OnvifSimulator
from recorder.errors import Cause
from recorder.onvif.device import Information
from recorder.onvif.examining import Examined, examine
from recorder.onvif.reach import Reach
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust

REACH = Reach(SystemClock(), Trust(), timeout_s=20)
TWO = (Profile("s", "sub", 640, 360), Profile("m", "main", 1920, 1080, "H265"))


async def examined(camera: OnvifCamera, *, password: str = "pass", limit_s: float = 20) -> Examined:
    async with OnvifSimulator(camera) as simulator, Answering(camera, simulator.url, port=0) as answering:
        reach = replace(REACH, discovery_port=answering.port)
        login = Credentials("viewer", password)
        return await examine(reach, "rtsp://127.0.0.1:554/sub", login, limit_s=limit_s)


async def test_camera_says_what_it_is_what_time_it_has_and_what_it_could_send() -> None:
    found = await examined(OnvifCamera(profiles=TWO, clock_offset_s=3600))
    assert found.information == Information("Simulated", "SIM-1", "1.0.0", "S0001")
    assert found.clock_offset_us == pytest.approx(3600 * US_PER_SECOND, abs=2 * US_PER_SECOND)
    assert found.largest is not None
    assert (found.largest.coding, found.largest.width) == ("H265", 1920)
    json = found.to_json()
    assert json is not None
    assert (json["model"], found.cause) == ("SIM-1", None)


async def test_of_several_lenses_none_is_held_against_the_recording() -> None:
    lenses = (Profile("a", "a", 640, 360), Profile("b", "b", 1920, 1080, source="other"))
    assert (await examined(OnvifCamera(profiles=lenses))).largest is None


async def test_camera_that_refuses_the_login_still_tells_its_clock() -> None:
    found = await examined(OnvifCamera(clock_offset_s=60), password="wrong")
    assert (found.cause, found.information) == (Cause.UNAUTHORIZED, None)
    json = found.to_json()
    assert json is not None
    assert (json["make"], json["clock_offset_us"]) == (None, found.clock_offset_us)


async def test_camera_that_takes_too_long_is_left() -> None:
    found = await asyncio.wait_for(examined(OnvifCamera(oddity="silent"), limit_s=0.5), 30)
    assert (found.cause, found.to_json()) == (Cause.TIMEOUT, None)


async def test_camera_of_an_encrypted_stream_is_asked_over_tls_or_not_at_all() -> None:
    camera = OnvifCamera()
    async with OnvifSimulator(camera) as simulator, Answering(camera, simulator.url, port=0) as answering:
        reach = replace(REACH, discovery_port=answering.port)
        found = await examine(reach, "rtsps://127.0.0.1/x", Credentials("viewer", "pass"), limit_s=20)
    assert (found.cause, simulator.operations) == (Cause.REFUSED, [])


async def test_source_without_a_host_is_not_asked() -> None:
    assert (await examine(REACH, "file:///x", None, limit_s=1)).cause is Cause.NOT_FOUND
