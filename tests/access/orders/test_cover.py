"""No camera begins to record without an order of the prefect, or a person's decision that says why and how long."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from access.cameras.publication import snapshot_entries
from access.orders.cover import MOST_DAYS, NoOrder, decisions
from access.orders.cover import uncovered as uncovered_of
from access.policy import Denied
from nvr.base.errors import InvalidValue
from nvr.base.ids import CameraId
from tests.access.world import DAY_US, NOW_UTC_US, PEOPLE, World

END_UTC_US = NOW_UTC_US + 90 * DAY_US
DECIDED: dict[str, Any] = {"without_order": "orage, arrêté promis par J. Durand", "until_utc_us": END_UTC_US}
ADDED: dict[str, Any] = {"camera": "cam-2", "url": "rtsp://192.0.2.2/", "user": "u", "password": "s3cret"}
ACTS: dict[str, dict[str, Any]] = {
    "camera.add": ADDED,
    "camera.replace": {"camera": "cam-1", "by": "cam-2", "url": "rtsp://192.0.2.2/", "user": "u", "password": "s3cret"},
    "camera.move": {"camera": "cam-1", "point": "p13"},
    "camera.present": {"camera": "cam-1", "point": "p13"},
}


@pytest.fixture
async def uncovered(town: World) -> World:
    """A town whose order was withdrawn a day ago; cam-1 was taken down meanwhile."""
    await town.act("root", "point.add", point="p13", number="13")
    await town.act("root", "camera.absent", camera="cam-1", reason="orage")
    end = {"to_utc_us": NOW_UTC_US - DAY_US, "reason": "retiré par le préfet"}
    await town.act("root", "authorisation.edit", authorisation="2026-117", **end)
    return town


@pytest.mark.parametrize("act", ACTS)
async def test_camera_that_no_order_covers_is_refused_and_nothing_of_it_is_kept(uncovered: World, act: str) -> None:
    before, published = await uncovered.keeper.types(), len(uncovered.keeper.published)
    with pytest.raises(NoOrder) as refusal:
        await uncovered.act("root", act, **ACTS[act])
    name = ACTS[act].get("by", ACTS[act]["camera"])
    assert refusal.value.fields == {"cameras": name, "at_utc_us": NOW_UTC_US}
    assert await uncovered.keeper.types() == before
    assert len(uncovered.keeper.published) == published
    assert not uncovered.secrets_file.exists()


@pytest.mark.parametrize("act", ACTS)
async def test_decision_is_in_the_ledger_before_the_camera_with_who_until_when_and_which(
    uncovered: World, act: str
) -> None:
    before = len(await uncovered.keeper.all())
    await uncovered.act("root", act, **ACTS[act], **DECIDED)
    entry, *others = (await uncovered.keeper.all())[before:]
    body = entry.body.model_dump()
    assert (entry.t, entry.actor.id, entry.ts_utc_us) == ("uncovered", "root", NOW_UTC_US)
    name = ACTS[act].get("by", ACTS[act]["camera"])
    assert (body["cameras"], body["until_utc_us"]) == ((name,), END_UTC_US)
    assert "camera" in [other.t for other in others]
    leaves = b"".join(leaf for _, leaf in await uncovered.keeper.service.entries(0, 1000))
    assert b"Durand" not in leaves
    shown = {row["camera"]: row for row in await uncovered.act("f.audit", "camera.list")}[name]
    assert (shown["authorisation"], shown["uncovered_until_utc_us"]) == (None, END_UTC_US)
    (told,) = (await uncovered.act("f.audit", "authorisation.list"))["decisions"]
    assert (told["decided_by"], told["decided_utc_us"], told["cameras"]) == ("root", NOW_UTC_US, [name])
    assert told["reason"] == DECIDED["without_order"]
    assert {entry.camera: entry.uncovered_until_utc_us for entry in uncovered.keeper.published[-1]}[name] == END_UTC_US


async def test_decision_that_is_not_needed_is_not_entered(town: World) -> None:
    await town.act("root", "camera.add", **ADDED, **DECIDED)
    assert "uncovered" not in await town.keeper.types()


async def test_running_decision_lets_its_camera_move_and_no_other_and_ends_by_itself(uncovered: World) -> None:
    await uncovered.act("root", "camera.move", camera="cam-1", point="p13", **DECIDED)
    await uncovered.act("root", "camera.move", camera="cam-1", point="p12")
    with pytest.raises(NoOrder):
        await uncovered.act("root", "camera.add", **ADDED)
    uncovered.clock.advance(90 * DAY_US)
    with pytest.raises(NoOrder):
        await uncovered.act("root", "camera.move", camera="cam-1", point="p13")
    assert [entry.camera for entry in uncovered.keeper.published[-1]] == ["cam-1"]


async def test_last_decision_on_a_camera_counts_and_none_before_it(uncovered: World) -> None:
    await uncovered.act("root", "camera.move", camera="cam-1", point="p13", **DECIDED)
    uncovered.clock.advance(91 * DAY_US)
    later = {**DECIDED, "until_utc_us": END_UTC_US + 30 * DAY_US}
    await uncovered.act("root", "camera.move", camera="cam-1", point="p12", **later)
    await uncovered.act("root", "camera.move", camera="cam-1", point="p13")
    (entry,) = uncovered.keeper.published[-1]
    assert entry.uncovered_until_utc_us == later["until_utc_us"]


async def test_order_that_names_a_camera_before_it_is_added_covers_it_and_says_that_it_is_to_come(
    uncovered: World,
) -> None:
    order = await uncovered.order("2026-200", cameras=["cam-2", "cam-3"])
    assert order["to_come"] == ["cam-2", "cam-3"]
    await uncovered.act("root", "camera.add", **ADDED)
    assert uncovered.keeper.published[-1][-1].authorisation == order["authorisation"]
    listed = (await uncovered.act("f.audit", "authorisation.list"))["authorisations"]
    assert {each["number"]: each["to_come"] for each in listed} == {"2026-200": ["cam-3"], "2026-117": []}
    with pytest.raises(NoOrder, match="cam-4"):
        await uncovered.act("root", "camera.replace", camera="cam-2", by="cam-4", url="rtsp://192.0.2.4/")


async def test_order_of_tomorrow_does_not_cover_a_camera_of_today(uncovered: World) -> None:
    await uncovered.order("2026-200", from_utc_us=NOW_UTC_US + DAY_US)
    with pytest.raises(NoOrder):
        await uncovered.act("root", "camera.add", **ADDED)


async def test_camera_that_is_there_is_edited_without_an_order_and_goes_on(uncovered: World) -> None:
    await uncovered.act("root", "camera.edit", camera="cam-1", url="rtsp://192.0.2.9/")
    assert [entry.camera for entry in uncovered.keeper.published[-1]] == ["cam-1"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"without_order": "orage"}, "until_utc_us"),
        ({"until_utc_us": END_UTC_US}, "without_order"),
        ({**DECIDED, "until_utc_us": NOW_UTC_US}, "until_utc_us"),
        ({**DECIDED, "until_utc_us": NOW_UTC_US + MOST_DAYS * DAY_US + 1}, "until_utc_us"),
        ({**DECIDED, "without_order": " "}, "without_order"),
    ],
)
async def test_decision_without_reason_or_end_or_longer_than_four_months_is_named(
    uncovered: World, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await uncovered.act("root", "camera.add", **ADDED, **given)
    assert refusal.value.field == field
    await uncovered.act("root", "camera.add", **ADDED, **{**DECIDED, "until_utc_us": NOW_UTC_US + MOST_DAYS * DAY_US})


async def test_list_before_any_order_is_refused_as_one_and_one_decision_is_for_all_of_it(uncovered: World) -> None:
    rows = [{"camera": name, "url": "rtsp://192.0.2.2/"} for name in ("cam-1", "cam-3", "cam-2")]
    before = len(await uncovered.keeper.types())
    refused = await uncovered.act("root", "camera.import", cameras=rows)
    assert (refused["done"], refused["faults"], refused["uncovered"]) == (False, [], ["cam-2", "cam-3"])
    assert len(await uncovered.keeper.types()) == before
    assert not await asyncio.to_thread(uncovered.secrets_file.exists)
    done = await uncovered.act("root", "camera.import", cameras=rows, **DECIDED)
    assert (done["done"], done["uncovered"]) == (True, ["cam-2", "cam-3"])
    assert (await uncovered.keeper.types())[before:] == ["uncovered", "camera", "camera"]
    again = await uncovered.act("root", "camera.import", cameras=rows, **DECIDED)
    assert (again["added"], again["uncovered"]) == ([], [])
    assert (await uncovered.keeper.types()).count("uncovered") == 1


async def test_register_that_is_made_anew_from_the_ledger_has_the_decision_without_its_reason(
    uncovered: World,
) -> None:
    await uncovered.act("root", "camera.add", **ADDED, **DECIDED)
    await uncovered.register.close()
    for file in (uncovered.directory / "register").iterdir():
        file.unlink()
    await uncovered.reopen()
    rows = await uncovered.register.read(
        lambda session: [
            (row.cameras, row.decided_by, row.decided_utc_us, row.until_utc_us, row.reason)
            for row in decisions(session)
        ]
    )
    assert rows == [(["cam-2"], "root", NOW_UTC_US, END_UTC_US, None)]


async def test_decisions_are_asked_for_once_however_many_cameras_there_are(uncovered: World) -> None:
    names = ["cam-2", "cam-3", "cam-4"]
    rows = [{"camera": name, "url": f"rtsp://192.0.2.{number}/"} for number, name in enumerate(names, 2)]
    await uncovered.act("root", "camera.import", cameras=rows, **DECIDED)

    def asked(session: Session) -> list[str]:
        said: list[str] = []
        event.listen(session.connection(), "before_cursor_execute", lambda *about: said.append(about[2]))
        snapshot_entries(session, NOW_UTC_US)
        assert uncovered_of(session, [CameraId(name) for name in names], NOW_UTC_US) == ()
        return [statement for statement in said if "FROM uncovered" in statement]

    assert len(await uncovered.register.read(asked)) == 2


async def test_decision_is_prolonged_while_it_runs_and_when_it_is_over_and_the_last_counts(uncovered: World) -> None:
    meant = {"cameras": ["cam-1"], "without_order": "arrêté toujours attendu"}
    await uncovered.act("root", "camera.move", camera="cam-1", point="p13", **DECIDED)
    decided: dict[str, Any] = {}
    for days_on, until in ((80, 150), (80, 200), (1, 165)):
        uncovered.clock.advance(days_on * DAY_US)
        end_utc_us = NOW_UTC_US + until * DAY_US
        decided = await uncovered.act("root", "authorisation.without_order", **meant, until_utc_us=end_utc_us)
        assert (decided["cameras"], decided["decided_by"], decided["until_utc_us"]) == (["cam-1"], "root", end_utc_us)
        assert uncovered.keeper.published[-1][0].uncovered_until_utc_us == end_utc_us
    entry = (await uncovered.keeper.all())[decided["ledger_index"]]
    assert (entry.t, entry.actor.id, entry.actor.role) == ("uncovered", "root", "administrator")
    told = (await uncovered.act("f.audit", "authorisation.list"))["decisions"]
    assert [each["reason"] for each in told] == [*[meant["without_order"]] * 3, DECIDED["without_order"]]
    uncovered.clock.advance(5 * DAY_US)
    with pytest.raises(NoOrder):
        await uncovered.act("root", "camera.move", camera="cam-1", point="p12")


@pytest.mark.parametrize("account", [name for name in PEOPLE if name != "root"])
async def test_nobody_but_an_administrator_decides(uncovered: World, account: str) -> None:
    before = await uncovered.keeper.types()
    with pytest.raises(Denied, match="role-missing"):
        await uncovered.act(account, "authorisation.without_order", cameras=["cam-1"], **DECIDED)
    assert await uncovered.keeper.types() == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "cameras"),
        ({"cameras": []}, "cameras"),
        ({"cameras": ["cam-1"], "without_order": None}, "without_order"),
        ({"cameras": ["cam-1"], "without_order": None, "until_utc_us": None}, "without_order"),
        ({"cameras": ["cam-1"], "until_utc_us": None}, "until_utc_us"),
        ({"cameras": ["cam-1"], "until_utc_us": NOW_UTC_US}, "until_utc_us"),
        ({"cameras": ["cam-1"], "until_utc_us": NOW_UTC_US + MOST_DAYS * DAY_US + 1}, "until_utc_us"),
        ({"cameras": ["cam-1", "cam-9"]}, "camera"),
        ({"cameras": ["cam-1", "gone"]}, "camera"),
        ({"cameras": ["cam-1"], "reason": "mal nommé"}, "reason"),
    ],
)
async def test_decision_on_cameras_names_what_is_wrong_and_enters_nothing(
    uncovered: World, given: dict[str, Any], field: str
) -> None:
    await uncovered.act("root", "camera.add", **{**ADDED, "camera": "gone"}, **DECIDED)
    await uncovered.act("root", "camera.retire", camera="gone")
    before = await uncovered.keeper.types()
    with pytest.raises(InvalidValue) as refusal:
        await uncovered.act("root", "authorisation.without_order", **{**DECIDED, **given})
    assert refusal.value.field == field
    assert await uncovered.keeper.types() == before


async def test_camera_that_an_order_covers_needs_no_decision(town: World) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "authorisation.without_order", cameras=["cam-1"], **DECIDED)
    assert (refusal.value.field, "uncovered" in await town.keeper.types()) == ("cameras", False)
