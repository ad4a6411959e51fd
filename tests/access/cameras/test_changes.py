import asyncio
import json
from typing import Any

import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue, Retryable
from storage.register import tables
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World

NEW_URL = "rtsp://192.0.2.9/new"


async def secrets_of(town: World) -> dict[str, list[str]]:
    content: dict[str, list[str]] = json.loads(await asyncio.to_thread(town.secrets_file.read_bytes))
    return content


async def rows_of(town: World) -> list[dict[str, Any]]:
    """Every table that the changes touch, as the register has it now."""

    def rows(session: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- SQLAlchemy's session
        found = [*session.query(tables.Camera).all(), *session.query(tables.Placement).all()]
        return [{key: getattr(row, key) for key in row.__table__.columns.keys()} for row in found]  # noqa: SIM118 -- columns

    return await town.register.read(rows)


async def test_edit_changes_what_it_names_and_leaves_the_rest(town: World) -> None:
    await town.act("root", "retention.set", camera="cam-1", retention_days=5)
    (entry,) = town.keeper.published[-1]
    assert entry.url == "rtsp://192.0.2.1/live"
    shown = await town.act("root", "camera.edit", camera="cam-1", url=NEW_URL)
    (entry,) = town.keeper.published[-1]
    assert (entry.url, entry.point, shown["retention_days"]) == (NEW_URL, "p12", 5)


async def test_new_login_gets_a_name_of_its_own_and_the_old_one_leaves_the_file(town: World) -> None:
    await town.act("root", "camera.edit", camera="cam-1", user="viewer", password="first-one")
    first = town.keeper.published[-1][0].secret
    await town.act("root", "camera.edit", camera="cam-1", user="viewer", password="second-one")
    second = town.keeper.published[-1][0].secret
    assert first != second
    assert await secrets_of(town) == {second: ["viewer", "second-one"]}
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    assert b"second-one" not in leaves
    assert b"viewer" not in leaves
    await town.act("root", "camera.edit", camera="cam-1", no_login=True)
    assert (await secrets_of(town), town.keeper.published[-1][0].secret) == ({}, None)


async def test_login_in_force_stays_when_the_ledger_does_not_answer(town: World) -> None:
    await town.act("root", "camera.edit", camera="cam-1", user="viewer", password="first-one")
    secret = town.keeper.published[-1][0].secret
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await town.act("root", "camera.edit", camera="cam-1", user="viewer", password="second-one")
    assert secret is not None
    assert (await secrets_of(town))[secret] == ["viewer", "first-one"]
    (row,) = [row for row in await rows_of(town) if "secret" in row]
    assert row["secret"] == secret


async def test_old_login_stays_while_recorders_have_not_heard_of_the_new_one(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(cameras: object) -> int:
        raise Retryable("peer-unreachable", socket="keeper.sock")

    await town.act("root", "camera.edit", camera="cam-1", user="viewer", password="first-one")
    with monkeypatch.context() as patched:
        patched.setattr(town.keeper, "publish", away)
        await town.act("root", "camera.edit", camera="cam-1", user="viewer", password="second-one")
    assert sorted(password for _, password in (await secrets_of(town)).values()) == ["first-one", "second-one"]
    await town.act("root", "camera.edit", camera="cam-1", kind="dome")
    assert [password for _, password in (await secrets_of(town)).values()] == ["second-one"]


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"camera": "cam-9", "kind": "dome"}, "camera"),
        ({"camera": "cam-1"}, "camera"),
        ({"camera": "cam-1", "url": "ftp://192.0.2.1/"}, "url"),
        ({"camera": "cam-1", "transport": "udp"}, "url"),
        ({"camera": "cam-1", "url": "http://192.0.2.1/", "transport": "udp"}, "transport"),
        ({"camera": "cam-1", "password": "x"}, "user"),
        ({"camera": "cam-1", "user": "x", "no_login": True}, "no_login"),
        ({"camera": "cam-1", "retention_days": 3}, "retention_days"),
        ({"camera": "cam-1", "shard": 1}, "shard"),
    ],
)
async def test_edit_names_the_wrong_value(town: World, args: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "camera.edit", **args)
    assert refusal.value.field == field


async def test_move_ends_one_placement_and_begins_the_next_at_one_instant(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13")
    town.clock.advance(HOUR_US)
    now = NOW_UTC_US + HOUR_US
    moved = await town.act("root", "camera.move", camera="cam-1", point="p13")
    assert moved == {"camera": "cam-1", "point": "p13", "from_utc_us": now, "to_utc_us": None, "entered_late": False}
    assert town.keeper.published[-1][0].point == "p13"
    placements = [row for row in await rows_of(town) if "placement" in row]
    assert [(row["point"], row["to_utc_us"]) for row in placements] == [("p12", now), ("p13", None)]


async def test_backdated_move_is_marked_with_its_reason_and_the_ledger_has_no_word_of_it(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13")
    town.clock.advance(2 * HOUR_US)
    since = NOW_UTC_US + HOUR_US
    args = {"camera": "cam-1", "point": "p13", "since_utc_us": since}
    moved = await town.act("root", "camera.move", **args, reason="the crew told us late")
    assert (moved["from_utc_us"], moved["entered_late"]) == (since, True)
    last = [row for row in await rows_of(town) if "placement" in row][-1]
    assert last["reason"] == "the crew told us late"
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    assert b"crew" not in leaves


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"point": "p99"}, "point"),
        ({"point": "p12"}, "point"),
        ({"point": "p13", "since_utc_us": NOW_UTC_US}, "reason"),
        ({"point": "p13", "since_utc_us": NOW_UTC_US + 1, "reason": "ahead"}, "since_utc_us"),
        ({"point": "p13", "since_utc_us": NOW_UTC_US - DAY_US, "reason": "before it was there"}, "since_utc_us"),
        ({"point": "p13", "camera": "cam-9"}, "camera"),
    ],
)
async def test_move_names_the_wrong_value(town: World, args: dict[str, object], field: str) -> None:
    await town.act("root", "point.add", point="p13", number="13")
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "camera.move", **{"camera": "cam-1", **args})
    assert refusal.value.field == field


async def test_replaced_camera_ends_and_the_new_one_stands_at_its_point(town: World) -> None:
    town.clock.advance(HOUR_US)
    args = {"camera": "cam-1", "by": "cam-1b", "url": NEW_URL, "user": "viewer", "password": "of-the-new-one"}
    shown = await town.act("root", "camera.replace", **args)
    assert (shown["camera"], shown["replaces"]) == ("cam-1b", "cam-1")
    (entry,) = town.keeper.published[-1]
    assert (entry.camera, entry.point, entry.secret) == ("cam-1b", "p12", "cam-1b")
    now = NOW_UTC_US + HOUR_US
    ends = {row["camera"]: (row["from_utc_us"], row["to_utc_us"]) for row in await rows_of(town) if "placement" in row}
    assert ends == {"cam-1": (NOW_UTC_US, now), "cam-1b": (now, None)}
    assert (await town.keeper.types())[-4:] == ["camera", "camera", "placement", "placement"]


@pytest.mark.parametrize(("args", "field"), [({"camera": "cam-9"}, "camera"), ({"by": "cam-1"}, "by")])
async def test_replace_names_the_wrong_value_and_changes_nothing(
    town: World, args: dict[str, object], field: str
) -> None:
    before = await rows_of(town)
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "camera.replace", **{"camera": "cam-1", "by": "cam-2", "url": NEW_URL, **args})
    assert refusal.value.field == field
    assert await rows_of(town) == before


@pytest.mark.parametrize("act", ["camera.edit", "camera.move", "camera.replace"])
async def test_only_an_administrator_changes_cameras(town: World, act: str) -> None:
    args: dict[str, dict[str, object]] = {
        "camera.edit": {"kind": "dome"},
        "camera.move": {"point": "p12"},
        "camera.replace": {"by": "cam-2", "url": NEW_URL},
    }
    with pytest.raises(Denied, match="role-missing"):
        await town.act("a.martin", act, camera="cam-1", **args[act])


async def test_register_replayed_from_the_ledger_is_the_same(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13")
    town.clock.advance(2 * HOUR_US)
    since = NOW_UTC_US + HOUR_US
    await town.act("root", "camera.edit", camera="cam-1", url=NEW_URL, kind="nomadic")
    await town.act("root", "camera.move", camera="cam-1", point="p13", since_utc_us=since, reason="told late")
    await town.act("root", "camera.replace", camera="cam-1", by="cam-2", url=NEW_URL)
    before = await rows_of(town)
    await town.register.rebuild()
    assert await rows_of(town) == before
