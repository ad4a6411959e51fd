from dataclasses import replace

import pytest

from nvr.base.clock import SystemClock
from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.discovery import Answering
from nvr.sim.onvif.server import OnvifSimulator
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.reach import Reach, side_by_side
from recorder.rtsp.trust import Trust

REACH = Reach(SystemClock(), Trust(), timeout_s=20)


async def test_host_alone_is_asked_where_its_services_are() -> None:
    async with (
        OnvifSimulator(OnvifCamera()) as simulator,
        Answering(simulator.camera, simulator.url.replace("127.0.0.1", "192.0.2.1"), port=0) as answering,
    ):
        device = await replace(REACH, discovery_port=answering.port).device("127.0.0.1", None)
        assert (device.address.host, device.address.port) == ("127.0.0.1", simulator.port)
        device = await replace(REACH, discovery_port=answering.port).device("localhost", None)
        assert (device.address.host, device.address.port) == ("localhost", simulator.port)


async def test_place_that_is_given_is_not_asked_for() -> None:
    async with (
        OnvifSimulator(OnvifCamera()) as simulator,
        Answering(simulator.camera, "http://h/", port=0) as answering,
    ):
        await replace(REACH, discovery_port=answering.port).device(f"127.0.0.1:{simulator.port}", None)
    assert answering.probes == 0


async def test_host_that_answers_no_probe_is_tried_on_the_usual_port() -> None:
    async with Answering(OnvifCamera(oddity="silent"), "http://h/", host="127.0.8.8", port=0) as answering:
        with pytest.raises(CameraUnreachable) as failed:
            await replace(REACH, discovery_port=answering.port, locate_s=0).device("127.0.8.8", None)
    assert failed.value.cause is Cause.REFUSED
    assert answering.probes > 0


async def test_work_is_done_side_by_side_in_the_order_of_the_items() -> None:
    async def double(number: int) -> int:
        await SystemClock().sleep((40 - number) / 10_000)
        return 2 * number

    assert await side_by_side(range(40), double) == [2 * number for number in range(40)]
