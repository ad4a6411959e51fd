from typing import Any

import pytest

from nvr.app.roles.onvif_calls import onvif_handlers
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.discovery import Answering
from nvr.sim.onvif.server import OnvifSimulator
from recorder.onvif.reach import Reach
from recorder.rtsp.trust import Trust


def calls(port: int = 9) -> Any:  # noqa: ANN401 -- handlers take any JSON
    reach = Reach(SystemClock(), Trust(), timeout_s=20, discovery_port=port)
    return onvif_handlers(reach, {"a": ("viewer", "pass")}.__getitem__)


async def test_search_takes_hosts_and_what_is_known() -> None:
    async with (
        OnvifSimulator(OnvifCamera()) as simulator,
        Answering(simulator.camera, simulator.url, port=0) as answering,
    ):
        known = [{"camera": "c", "url": "rtsp://127.0.0.1/", "secret": "a"}]
        args = {"interface": None, "hosts": ["127.0.0.1"], "known": known, "seconds": 0}
        (found,) = await calls(answering.port)["discover"](args)
    assert (found["cameras"], found["serial"]) == (["c"], "S0001")


async def test_lookup_takes_a_login_that_is_in_no_file_yet() -> None:
    async with OnvifSimulator(OnvifCamera()) as simulator:
        asked = {"address": f"127.0.0.1:{simulator.port}", "channel": 1, "user": "viewer", "password": "pass"}
        (found,) = await calls()["lookup"]({"cameras": [asked]})
    assert found["url"] == "rtsp://127.0.0.1:554/stream"


@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("discover", {}),
        ("discover", {"known": [{"camera": 1}], "seconds": 1}),
        ("discover", {"known": [], "seconds": 1, "hosts": "10.0.0.1"}),
        ("discover", {"known": [], "seconds": 0, "interface": "nosuch0"}),
        ("lookup", {}),
        ("lookup", {"cameras": [{}]}),
        ("lookup", {"cameras": [{"address": "h", "channel": 0}]}),
        ("lookup", {"cameras": [{"address": "h", "user": "u"}]}),
    ],
)
async def test_arguments_that_are_none_are_refused(call: str, args: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        await calls()[call](args)
