import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue
from tests.access.world import World


@pytest.fixture
async def fleet(town: World) -> World:
    for number in (2, 3):
        await town.act("root", "camera.add", camera=f"cam-{number}", url="rtsp://192.0.2.2/")
    return town


async def test_each_recorder_is_asked_for_its_own_cameras(fleet: World) -> None:
    answer = await fleet.act("root", "camera.test")
    assert [check["camera"] for check in answer] == ["cam-1", "cam-2", "cam-3"]
    assert sorted(fleet.checks.asked) == [(0, ["cam-1", "cam-3"], 12), (1, ["cam-2"], 12)]


async def test_only_the_cameras_that_are_named_are_asked_for_a_session(fleet: World) -> None:
    await fleet.act("g.fix", "camera.test", cameras=["cam-2"], seconds=5)
    assert fleet.checks.asked == [(1, ["cam-2"], 5)]


async def test_retired_camera_is_not_tried_out(fleet: World) -> None:
    await fleet.act("root", "camera.retire", camera="cam-2")
    assert [check["camera"] for check in await fleet.act("root", "camera.test")] == ["cam-1", "cam-3"]
    with pytest.raises(InvalidValue, match="cam-2"):
        await fleet.act("root", "camera.test", cameras=["cam-1", "cam-2"])


async def test_camera_that_its_recorder_does_not_know_is_named(fleet: World) -> None:
    fleet.checks.known = {"cam-1", "cam-2"}
    answer = await fleet.act("root", "camera.test")
    assert [(check["camera"], check["result"]) for check in answer][2] == ("cam-3", "failed")
    assert answer[2]["findings"][0]["id"] == "test-not-taken-up"


@pytest.mark.parametrize("seconds", [0, 61, "5"])
async def test_wrong_length_is_refused(fleet: World, seconds: object) -> None:
    with pytest.raises(InvalidValue, match="seconds"):
        await fleet.act("root", "camera.test", seconds=seconds)


async def test_officer_tries_out_nothing(fleet: World) -> None:
    with pytest.raises(Denied, match="role-missing"):
        await fleet.act("a.martin", "camera.test")
    assert fleet.checks.asked == []
