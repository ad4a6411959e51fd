import pytest

from access.cameras.discovery import addresses_of
from access.policy import Denied
from access.ports import Recorded
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId
from tests.access.world import World


async def test_recorder_is_told_where_to_look_and_what_is_known(town: World) -> None:
    await town.act("root", "camera.add", camera="cam-2", url="rtsp://192.0.2.2/", user="u", password="p")
    await town.act("root", "camera.add", camera="cam-3", url="file:///x")
    await town.act("root", "camera.retire", camera="cam-1")
    town.finder.found = [{"host": "192.0.2.2"}]
    answer = await town.act("g.fix", "camera.discover", networks=["192.0.2.0/30", "192.0.2.9"], seconds=2)
    assert answer == [{"host": "192.0.2.2"}]
    hosts = ["192.0.2.1", "192.0.2.2", "192.0.2.9"]
    known = [Recorded(CameraId("cam-2"), "rtsp://192.0.2.2/", "cam-2"), Recorded(CameraId("cam-3"), "file:///x", None)]
    assert town.finder.searches == [(None, hosts, known, 2)]


async def test_network_of_an_interface_is_asked_as_a_group(town: World) -> None:
    await town.act("root", "camera.discover", interface="eth1")
    assert town.finder.searches[0][:2] == ("eth1", None)
    await town.act("root", "camera.discover")
    assert town.finder.searches[1][:2] == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"interface": "eth1; reboot"},
        {"interface": "eth1", "networks": ["192.0.2.1"]},
        {"networks": ["192.0.2.300"]},
        {"networks": ["2001:db8::/120"]},
        {"networks": ["camera.example"]},
        {"networks": ["10.0.0.0/21"]},
        {"networks": ["10.0.0.0/22", "10.1.0.0/22"]},
        {"seconds": 31},
        {"password": "x"},
    ],
)
async def test_search_that_is_none_is_refused_before_anything_is_asked(town: World, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        await town.act("root", "camera.discover", **wrong)
    assert town.finder.searches == []


async def test_officer_looks_for_nothing(town: World) -> None:
    with pytest.raises(Denied):
        await town.act("a.martin", "camera.discover")
    assert town.finder.searches == []


def test_whole_network_of_1022_hosts_is_taken_and_each_address_once() -> None:
    assert len(addresses_of(("10.0.0.0/22",))) == 1022
    assert addresses_of(("10.0.0.5", "10.0.0.5/32", "10.0.0.4/30")) == ["10.0.0.5", "10.0.0.6"]
