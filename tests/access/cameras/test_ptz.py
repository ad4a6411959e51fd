"""How a dome is asked is entered like its URL: committed to, published, and kept by every other change."""

import json
from typing import Any

import pytest

from access.cameras.ptz import inherited
from nvr.base.errors import InvalidValue
from tests.access.world import World

NEW_URL = "rtsp://192.0.2.9/new"


async def ptz_of(town: World, camera: str = "cam-1") -> dict[str, Any] | None:
    """How recorders were told to ask the camera."""
    (entry,) = [entry for entry in town.keeper.published[-1] if entry.camera == camera]
    return None if entry.ptz is None else json.loads(entry.ptz)


async def test_dome_is_asked_as_it_was_entered_and_the_ledger_holds_a_commitment_alone(town: World) -> None:
    shown = await town.act(
        "root", "camera.add", camera="dome-1", url="rtsp://192.0.2.7/live", ptz="onvif", ptz_expect=["Perron"]
    )
    assert shown["kind"] == "dome"
    assert await ptz_of(town, "dome-1") == {"address": "192.0.2.7", "profile": None, "expected": ["Perron"]}
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    assert b"Perron" not in leaves
    assert b"192.0.2.7" not in leaves
    assert leaves.count(b'"ptz":"') == 1


async def test_edit_of_a_dome_changes_what_it_names_and_leaves_the_rest(town: World) -> None:
    await town.act("root", "camera.edit", camera="cam-1", ptz="onvif", ptz_profile="p2", ptz_expect=["A", "B"])
    assert await ptz_of(town) == {"address": "192.0.2.1", "profile": "p2", "expected": ["A", "B"]}
    await town.act("root", "retention.set", camera="cam-1", retention_days=5)
    assert await ptz_of(town) == {"address": "192.0.2.1", "profile": "p2", "expected": ["A", "B"]}
    await town.act("root", "camera.edit", camera="cam-1", url=NEW_URL, ptz_expect=["*"])
    assert await ptz_of(town) == {"address": "192.0.2.9", "profile": "p2", "expected": ["*"]}
    await town.act("root", "camera.edit", camera="cam-1", ptz_address="https://192.0.2.8/onvif/device_service")
    await town.act("root", "camera.edit", camera="cam-1", url="rtsp://192.0.2.1/live")
    assert (await ptz_of(town) or {})["address"] == "https://192.0.2.8/onvif/device_service"
    await town.act("root", "camera.edit", camera="cam-1", no_ptz=True)
    assert await ptz_of(town) is None


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"ptz": "pelco-d"}, "ptz"),
        ({"ptz_expect": ["A"]}, "ptz"),
        ({"ptz": "onvif", "ptz_address": "http://admin:x@h/"}, "ptz_address"),
        ({"ptz": "onvif", "ptz_address": "ftp://h/"}, "ptz_address"),
        ({"ptz": "onvif", "ptz_expect": ["A", "*"]}, "ptz_expect"),
        ({"ptz": "onvif", "ptz_profile": "a\nb"}, "ptz_profile"),
        ({"ptz": "onvif", "no_ptz": True}, "no_ptz"),
    ],
)
async def test_wrong_setting_of_a_dome_is_named(town: World, args: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        await town.act("root", "camera.edit", camera="cam-1", **args)
    assert refused.value.field == field


async def test_dome_that_is_replaced_goes_on_being_asked_at_its_own_address(town: World) -> None:
    await town.act(
        "root",
        "camera.edit",
        camera="cam-1",
        ptz="onvif",
        ptz_address="192.0.2.50:8080",
        ptz_profile="p2",
        ptz_expect=["A"],
    )
    await town.act("root", "camera.replace", camera="cam-1", by="cam-1b", url=NEW_URL)
    assert await ptz_of(town, "cam-1b") == {"address": "192.0.2.9", "profile": None, "expected": ["A"]}


async def test_dome_that_is_taken_down_is_still_one_when_it_is_back(town: World) -> None:
    await town.act("root", "camera.edit", camera="cam-1", ptz="onvif", ptz_expect=["A"])
    await town.act("root", "camera.absent", camera="cam-1", reason="works")
    await town.act("root", "camera.present", camera="cam-1", point="p12")
    assert (await ptz_of(town) or {})["expected"] == ["A"]


async def test_dome_that_is_retired_keeps_what_its_entries_committed_to(town: World) -> None:
    await town.act("root", "camera.edit", camera="cam-1", ptz="onvif")
    await town.act("root", "camera.retire", camera="cam-1")
    leaves = [leaf for _, leaf in await town.keeper.service.entries(0, 1000) if b'"retired":true' in leaf]
    assert [b'"ptz":null' in leaf for leaf in leaves] == [False]


def test_device_without_a_host_is_not_asked() -> None:
    assert inherited('{"address":"h","expected":["A"],"profile":null}', "file:///a.mp4") is None
    assert inherited(None, NEW_URL) is None
