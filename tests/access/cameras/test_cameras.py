import asyncio
import json
import logging

import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue
from storage.register import tables
from tests.access.world import DAY_US, NOW_UTC_US, World

ADDED = {"camera": "cam-2", "url": "rtsp://192.0.2.2:554/live", "user": "viewer", "password": "s3cret-of-camera"}


async def test_camera_is_published_with_where_it_stands_and_by_which_order(town: World) -> None:
    await town.act("root", "camera.add", **ADDED, point="p12")
    first, second = town.keeper.published[-1]
    assert (second.camera, second.url, second.secret, second.point) == ("cam-2", ADDED["url"], "cam-2", "p12")
    assert second.authorisation is not None
    assert {first.shard, second.shard} == {0, 1}


async def test_camera_whose_pictures_come_over_udp_is_published_so(town: World) -> None:
    await town.act("root", "camera.add", **ADDED, transport="udp")
    assert town.keeper.published[-1][-1].url == "rtspu://192.0.2.2:554/live"


async def test_login_is_in_the_secrets_file_alone(town: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = await town.act("root", "camera.add", **ADDED)
    content = await asyncio.to_thread(town.secrets_file.read_bytes)
    assert json.loads(content) == {"cam-2": ["viewer", "s3cret-of-camera"]}
    assert town.secrets_file.stat().st_mode & 0o777 == 0o600
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    for place in (caplog.text, repr(shown), repr(town.keeper.published), leaves.decode()):
        assert "s3cret" not in place
    assert b"192.0.2.2" not in leaves


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"camera": "cam-1"}, "camera"),
        ({"camera": "Cam 2"}, "camera"),
        ({"url": "ftp://192.0.2.2/"}, "url"),
        ({"url": "rtsp://viewer:hunter22@192.0.2.2/"}, "url"),
        ({"url": "rtsp://viewer:12/hunter22@192.0.2.2/"}, "url"),
        ({"url": "rtsp://viewer:1?hunter22@192.0.2.2/"}, "url"),
        ({"url": "rtsp://192.0.2.2/live#hunter22"}, "url"),
        ({"url": "rtsp://192.0.2.2:99999/"}, "url"),
        ({"url": "rtsp:///live"}, "url"),
        ({"url": "rtmp://192.0.2.2/live"}, "url"),
        ({"transport": "pigeon"}, "transport"),
        ({"url": "http://192.0.2.2/mjpg", "transport": "udp"}, "transport"),
        ({"url": "rtsp://192.0.2.2/live\r\nRequire: x"}, "url"),
        ({"url": "rtsp://192.0.2.2/li ve"}, "url"),
        ({"user": None}, "user"),
        ({"point": "p99"}, "point"),
        ({"retention_days": 32}, "retention_days"),
        ({"retention_days": 0}, "retention_days"),
    ],
)
async def test_wrong_value_is_named_and_no_login_shown(town: World, change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "camera.add", **{**ADDED, **change})
    assert refusal.value.field == field
    assert "hunter22" not in str(refusal.value)


async def test_login_of_a_camera_is_not_replaced_by_one_that_was_refused(town: World) -> None:
    others = [{**ADDED, "password": f"other {at}"} for at in range(3)]
    made = [town.act("root", "camera.add", **args) for args in (ADDED, *others)]
    done = await asyncio.gather(*made, return_exceptions=True)
    (kept,) = [args for args, answer in zip((ADDED, *others), done, strict=True) if isinstance(answer, dict)]
    content = json.loads(await asyncio.to_thread(town.secrets_file.read_bytes))
    assert content["cam-2"] == ["viewer", kept["password"]]


async def test_only_an_administrator_adds_cameras(town: World) -> None:
    with pytest.raises(Denied, match="role-missing"):
        await town.act("a.martin", "camera.add", **ADDED)
    assert not town.secrets_file.exists()


async def test_retired_camera_leaves_the_snapshot_and_stays_in_the_register(town: World) -> None:
    await town.act("root", "camera.retire", camera="cam-1")
    assert town.keeper.published[-1] == ()
    rows = await town.act("g.fix", "camera.list")
    assert [(row["camera"], row["retired"]) for row in rows] == [("cam-1", True)]
    with pytest.raises(InvalidValue, match="camera"):
        await town.act("root", "camera.retire", camera="cam-1")


async def test_retired_camera_stands_nowhere_its_login_is_gone_and_its_name_stays_taken(town: World) -> None:
    await town.act("root", "camera.add", **{**ADDED, "camera": "cam-9"})
    await town.act("root", "camera.retire", camera="cam-1")
    await town.act("root", "camera.retire", camera="cam-9")
    assert await asyncio.to_thread(lambda: json.loads(town.secrets_file.read_bytes())) == {}
    ends = await town.register.read(lambda session: [row.to_utc_us for row in session.query(tables.Placement)])
    assert ends
    assert None not in ends
    with pytest.raises(InvalidValue, match="not taken"):
        await town.act("root", "camera.add", camera="cam-1", url="rtsp://192.0.2.1/live")


async def test_footage_of_a_retired_camera_is_listed_held_and_asked_for(town: World) -> None:
    town.index.recorded(ago_us=3 * DAY_US)
    await town.act("root", "camera.retire", camera="cam-1")
    (row,) = await town.act("f.audit", "camera.list")
    assert (row["retired"], row["oldest_utc_us"]) == (True, NOW_UTC_US - 3 * DAY_US)
    (kept,) = await town.act("root", "retention.show")
    assert (kept["days"], kept["achieved_days"]) == (30, 3)
    times = {"from_utc_us": NOW_UTC_US - 4 * DAY_US, "to_utc_us": NOW_UTC_US - DAY_US}
    hold = await town.act("a.martin", "hold.place", cameras=["cam-1"], **times, asked_by="J. Renaud")
    assert hold["cameras"] == ["cam-1"]
    asked = await town.act("a.martin", "requisition.new", cameras=["cam-1"], **times, asked_by="J. Renaud")
    assert asked["answer"] is None


async def test_list_says_state_and_oldest_footage(town: World) -> None:
    town.index.recorded(ago_us=3 * DAY_US)
    (row,) = await town.act("f.audit", "camera.list")
    assert (row["state"], row["point"]) == ({"state": "recording"}, "p12")
    assert row["oldest_utc_us"] == NOW_UTC_US - 3 * DAY_US
    assert "url" not in row


@pytest.mark.parametrize("act", ["camera.list", "retention.show"])
async def test_index_is_asked_once_for_all_cameras(town: World, act: str) -> None:
    for number in range(2, 6):
        await town.act("root", "camera.add", camera=f"cam-{number}", url="rtsp://192.0.2.2/")
    assert len(await town.act("f.audit", act)) == 5
    assert town.index.asked == 1
