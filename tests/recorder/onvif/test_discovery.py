from contextlib import AsyncExitStack

import pytest

from nvr.base.clock import SystemClock
from nvr.sim.onvif.camera import Oddity, OnvifCamera
from nvr.sim.onvif.discovery import Answering
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import OnvifAddress
from recorder.onvif.discovery import answers, discover, locate


class Hasty(SystemClock):
    """On loopback nothing takes as long as on a network."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 10)


CLOCK = Hasty()
XADDR = "http://127.0.0.1:8080/onvif/device_service"


async def found_by_address(camera: OnvifCamera, xaddr: str = XADDR) -> list[tuple[str, str, OnvifAddress]]:
    async with Answering(camera, xaddr, port=0) as answering:
        found = await discover(CLOCK, seconds=1, hosts=["127.0.0.1"], port=answering.port)
    return [(each.make, each.model, each.address) for each in found]


async def test_camera_that_is_asked_by_address_says_make_and_model_without_a_login() -> None:
    found = await found_by_address(OnvifCamera(make="AXIS", model="Q6315-LE"))
    assert found == [("AXIS", "Q6315-LE", OnvifAddress("127.0.0.1", 8080))]


async def test_host_that_answered_counts_and_not_the_one_that_it_names() -> None:
    found = await found_by_address(OnvifCamera(), "http://192.0.2.9:8000/onvif/device_service http://[fe80::1]/x")
    assert found[0][2] == OnvifAddress("127.0.0.1", 8000)


async def test_address_that_names_the_answering_host_goes_before_others() -> None:
    found = await found_by_address(OnvifCamera(), "http://192.0.2.9/a https://127.0.0.1/onvif/b")
    assert found[0][2] == OnvifAddress("127.0.0.1", 443, tls=True, path="/onvif/b")


@pytest.mark.parametrize("oddity", ["no-xml", "html", "entities", "silent"])
async def test_answer_that_is_none_is_no_camera(oddity: Oddity) -> None:
    assert await found_by_address(OnvifCamera(oddity=oddity)) == []


async def test_several_hosts_are_asked_and_told_in_the_order_of_their_addresses() -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Answering(OnvifCamera(), XADDR, host="127.0.9.10", port=0))
        for host in ("127.0.9.9", "127.0.9.2"):
            await stack.enter_async_context(Answering(OnvifCamera(), XADDR, host=host, port=first.port))
        hosts = [f"127.0.9.{number}" for number in range(1, 12)]
        found = await discover(CLOCK, seconds=1, hosts=hosts, port=first.port)
    assert [each.address.host for each in found] == ["127.0.9.2", "127.0.9.9", "127.0.9.10"]


async def test_group_is_asked_on_the_interface_that_is_named() -> None:
    async with Answering(OnvifCamera(make="Bosch", model="MIC"), XADDR, port=0, joins=True) as answering:
        found = await discover(CLOCK, seconds=2, interface="lo", port=answering.port)
    assert [(each.make, each.model) for each in found] == [("Bosch", "MIC")]


async def test_interface_that_does_not_exist_is_named() -> None:
    with pytest.raises(CameraUnreachable) as failed:
        await discover(CLOCK, seconds=0.1, interface="nosuch0")
    assert (failed.value.cause, failed.value.fields["interface"]) == (Cause.UNREACHABLE, "nosuch0")


async def test_device_is_located_by_its_own_answer_or_not_at_all() -> None:
    async with Answering(OnvifCamera(), XADDR, port=0) as answering:
        port = answering.port
        assert await locate("127.0.0.1", CLOCK, seconds=1, port=port) == OnvifAddress("127.0.0.1", 8080)
    assert await locate("127.0.0.1", CLOCK, seconds=0.1, port=port) is None


@pytest.mark.parametrize(
    ("scopes", "make", "model"),
    [
        (
            "onvif://www.onvif.org/name/HIKVISION%20DS-2CD2143 onvif://www.onvif.org/hardware/DS-2CD2143",
            "HIKVISION",
            "DS-2CD2143",
        ),
        ("onvif://www.onvif.org/hardware/IPC-HFW onvif://www.onvif.org/name/Dahua", "Dahua", "IPC-HFW"),
        ("onvif://www.onvif.org/manufacturer/Hanwha onvif://www.onvif.org/name/XNV-6085", "Hanwha", "XNV-6085"),
        ("odd://elsewhere/name/x onvif://www.onvif.org/name", "", ""),
    ],
)
def test_make_and_model_are_read_from_scopes(scopes: str, make: str, model: str) -> None:
    data = (
        f"<E><Body><ProbeMatches><ProbeMatch><Scopes>{scopes}</Scopes><XAddrs>http://h/x</XAddrs></ProbeMatch>"
        "</ProbeMatches></Body></E>"
    )
    (found,) = answers(data.encode(), "192.0.2.1")
    assert (found.make, found.model, found.address.host) == (make, model, "192.0.2.1")


def test_texts_of_an_answer_are_cut_and_hold_nothing_that_a_terminal_obeys() -> None:
    scopes = f"onvif://www.onvif.org/name/{'x' * 500}%1B%5B2J"
    data = f"<E><Body><ProbeMatches><ProbeMatch><Scopes>{scopes}</Scopes><XAddrs>http://h/</XAddrs></ProbeMatch></ProbeMatches></Body></E>"
    (found,) = answers(data.encode(), "192.0.2.1")
    assert len(found.make) <= 64
    assert "\x1b" not in found.make
