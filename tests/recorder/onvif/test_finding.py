from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from nvr.base.clock import SystemClock
from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.discovery import Answering
from nvr.sim.onvif.server import OnvifSimulator
from recorder.onvif.finding import Known, find
from recorder.onvif.reach import Reach
from recorder.rtsp.trust import Trust

AXIS = OnvifCamera(make="AXIS", model="P3245", serial="ACCC8E", firmware="11")


def no_secrets(name: str) -> tuple[str, str]:
    raise LookupError(name)


async def found(
    cameras: Sequence[OnvifCamera], known: Sequence[Known] = (), logins: dict[str, tuple[str, str]] | None = None
) -> tuple[list[dict[str, Any]], list[OnvifSimulator]]:
    """What is found of these, which are at 127.0.7.1, 2, ...; and their HTTP sides."""
    hosts = [f"127.0.7.{number}" for number in range(1, len(cameras) + 1)]
    async with AsyncExitStack() as stack:
        port, services = 0, []
        for host, camera in zip(hosts, cameras, strict=True):
            simulator = await stack.enter_async_context(OnvifSimulator(camera, host=host))
            answering = Answering(camera, simulator.url, host=host, port=port)
            port = (await stack.enter_async_context(answering)).port
            services.append(simulator)
        reach = Reach(SystemClock(), Trust(), timeout_s=20, discovery_port=port)
        secrets = logins.__getitem__ if logins is not None else no_secrets
        answer = await find(reach, secrets, seconds=0, interface=None, hosts=hosts, known=known)
    return answer, services


async def test_new_camera_is_listed_without_a_login_ever_being_sent() -> None:
    (camera,), (services,) = await found([AXIS])
    assert (camera["host"], camera["make"], camera["model"], camera["cameras"]) == ("127.0.7.1", "AXIS", "P3245", [])
    assert (camera["serial"], camera["cause"]) == ("", "unauthorized")
    assert camera["address"] == f"127.0.7.1:{services.port}"
    assert services.refused == 0


async def test_camera_that_tells_strangers_what_it_is_is_listed_with_it() -> None:
    (camera,), _ = await found([OnvifCamera(login="none", serial="S7", firmware="2")])
    assert (camera["serial"], camera["firmware"], camera["cause"]) == ("S7", "2", None)


async def test_known_camera_is_asked_with_its_login_and_no_other_is() -> None:
    known = [
        Known("mairie-1", "rtsp://127.0.7.1/x", "a"),
        Known("mairie-2", "rtsp://127.0.7.1/x", None),
        Known("x", "rtsp://192.0.2.1/x", "a"),
    ]
    answer, services = await found([AXIS, AXIS], known, {"a": ("viewer", "pass")})
    assert [(each["cameras"], each["serial"]) for each in answer] == [(["mairie-1", "mairie-2"], "ACCC8E"), ([], "")]
    assert [each.refused for each in services] == [0, 0]


async def test_login_of_an_encrypted_stream_is_not_sent_in_clear() -> None:
    logins = {"a": ("viewer", "wrong")}
    (camera,), (services,) = await found([AXIS], [Known("mairie-1", "rtsps://127.0.7.1/x", "a")], logins)
    assert (camera["cameras"], camera["serial"], services.refused) == (["mairie-1"], "", 0)


async def test_camera_that_is_known_by_its_name_is_recognised_without_its_login_too() -> None:
    known = [
        Known("mairie-1", "rtsp://localhost/x", "gone"),
        Known("y", "rtsp://no such name/x", None),
        Known("z", "file:///x", None),
    ]
    async with OnvifSimulator(AXIS) as simulator, Answering(AXIS, simulator.url, port=0) as answering:
        reach = Reach(SystemClock(), Trust(), timeout_s=20, discovery_port=answering.port)
        (camera,) = await find(reach, no_secrets, seconds=0, interface=None, hosts=["127.0.0.1"], known=known)
    assert (camera["cameras"], camera["serial"]) == (["mairie-1"], "")


async def test_nobody_at_an_address_is_nobody_in_the_list() -> None:
    reach = Reach(SystemClock(), Trust(), timeout_s=20, discovery_port=9)
    assert await find(reach, no_secrets, seconds=0, interface=None, hosts=["127.0.6.6"], known=[]) == []
