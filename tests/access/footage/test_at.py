"""What there is of a place at a time is told to every named person, before anybody sees a picture."""

import json
from typing import Any

import pytest

from access.arguments import Arguments
from access.footage.at import MOST_PARTS, MOST_PARTS_IN_ALL
from access.policy import ActName, Denied, Person, Role
from nvr.base.errors import InvalidValue
from nvr.base.ids import AccountId
from nvr.base.units import UtcUs
from nvr.base.wire import MAX_FRAME_BYTES
from storage.index.rows import MoveRow
from tests.access.world import CAMERA, DAY_US, HOUR_US, MINUTE_US, NOW_UTC_US, PEOPLE, World

PLACE = {"place": "3 r. de l'Eglise", "from_utc_us": NOW_UTC_US, "to_utc_us": NOW_UTC_US + HOUR_US}
ASKED_BY = {"asked_by": "OPJ Durand"}


async def at(town: World, who: str = "a.martin", /, **args: object) -> dict[str, Any]:
    told: dict[str, Any] = await town.act(who, "footage.at", **(args or PLACE))
    return told


async def only(town: World, **args: object) -> dict[str, Any]:
    (camera,) = (await at(town, **args))["cameras"]
    told: dict[str, Any] = camera
    return told


@pytest.mark.parametrize("who", PEOPLE)
async def test_every_named_person_is_told(town: World, who: str) -> None:
    told = await at(town, who)
    assert [camera["camera"] for camera in told["cameras"]] == [CAMERA]


async def test_account_that_is_ended_is_told_nothing(town: World) -> None:
    ended = Person(AccountId("z.old"), frozenset({Role.OFFICER}), disabled=True)
    with pytest.raises(Denied) as refusal:
        await town.handlers[ActName.FOOTAGE_AT](ended, Arguments(PLACE))
    assert refusal.value.rule == "account-disabled"


async def test_camera_of_a_place_is_told_with_its_point_in_words(town: World) -> None:
    told = await at(town)
    assert (told["points"], told["suggestions"], told["elsewhen"]) == (["p12"], [], [])
    (camera,) = told["cameras"]
    assert (camera["kind"], camera["looked"]) == ("fixed", None)
    (placement,) = camera["placements"]
    assert placement == {
        "point": "p12",
        "number": "12",
        "address": "1 place de la Mairie",
        "district": None,
        "view": None,
        "matched": ["rue de l'Église"],
        "from_utc_us": NOW_UTC_US,
        "to_utc_us": None,
        "entered_late": False,
        "recorded_us": 0,
    }


async def test_seconds_that_exist_and_those_that_do_not_are_told_with_the_cause(town: World) -> None:
    town.clock.advance(3 * HOUR_US)
    town.index.recorded(ago_us=-10 * MINUTE_US)
    gap = (UtcUs(NOW_UTC_US + 15 * MINUTE_US), UtcUs(NOW_UTC_US + 20 * MINUTE_US), "silent")
    town.index.gaps[CAMERA] = [gap]
    told = (await only(town))["coverage"]
    assert told["recorded_permille"] == 83
    assert told["totals_us"] == {
        "never recorded": 50 * MINUTE_US,
        "recorded": 5 * MINUTE_US,
        "gap": 5 * MINUTE_US,
    }
    assert [(part["fate"], part["cause"]) for part in told["parts"]] == [
        ("never recorded", None),
        ("recorded", None),
        ("gap", "silent"),
        ("never recorded", None),
    ]
    assert told["parts_in_all"] == 4


@pytest.mark.parametrize(
    ("fate", "cause"), [("destroyed", "cap"), ("lost", "not on its volume"), ("no camera there", None)]
)
async def test_what_is_gone_is_told_with_the_date_and_the_cause_and_counts_down_no_more(
    town: World, fate: str, cause: str | None
) -> None:
    if cause is not None:
        getattr(town.index, fate).add(CAMERA)
    told = await only(town, cameras=[CAMERA], from_utc_us=NOW_UTC_US - 2 * HOUR_US, to_utc_us=NOW_UTC_US - HOUR_US)
    (part,) = told["coverage"]["parts"]
    assert (part["fate"], part["cause"]) == (fate, cause)
    assert part["since_utc_us"] == (None if cause is None else NOW_UTC_US)
    assert told["countdown"] is None


async def test_instant_of_destruction_is_that_of_the_oldest_segment_that_exists(town: World) -> None:
    town.index.recorded(ago_us=15 * HOUR_US)  # began on the day before, in Paris
    asked = {"cameras": [CAMERA], "from_utc_us": NOW_UTC_US - 20 * HOUR_US, "to_utc_us": NOW_UTC_US - HOUR_US}
    first = (await only(town, **asked))["countdown"]
    assert (first["state"], first["held"]) == ("counting", "none")
    town.index.segments[CAMERA].clear()
    town.index.recorded(ago_us=3 * HOUR_US)
    second = (await only(town, **asked))["countdown"]
    assert second["destroyed_utc_us"] - first["destroyed_utc_us"] == 12 * HOUR_US
    assert second["remaining_us"] == second["destroyed_utc_us"] - NOW_UTC_US
    await town.act("a.martin", "hold.place", **asked, **ASKED_BY)
    held = (await only(town, **asked))["countdown"]
    assert held["held"] == "whole"
    assert held["destroyed_utc_us"] == held["held_until_utc_us"] > second["destroyed_utc_us"]


async def test_full_disk_makes_it_at_the_latest(town: World) -> None:
    town.index.recorded(ago_us=3 * HOUR_US)
    soon = NOW_UTC_US + 10 * DAY_US
    town.keeper.looked_ahead = {"volumes": [{"pressure_utc_us": soon}, {"pressure_utc_us": None}]}
    told = await only(town, cameras=[CAMERA], from_utc_us=NOW_UTC_US - 4 * HOUR_US, to_utc_us=NOW_UTC_US)
    assert told["countdown"]["early_utc_us"] == soon < told["countdown"]["destroyed_utc_us"]


async def test_interval_to_come_says_that_it_is_to_be_recorded_and_when_it_will_go(town: World) -> None:
    ahead = {"place": "mairie", "from_utc_us": NOW_UTC_US + DAY_US, "to_utc_us": NOW_UTC_US + 2 * DAY_US}
    told = await only(town, **ahead)
    assert told["coverage"]["totals_us"] == {"to come": DAY_US}
    assert told["coverage"]["recorded_permille"] is None
    assert (told["countdown"]["to_come"], told["countdown"]["state"]) == (True, "counting")
    town.clock.advance(HOUR_US)
    reaching = await only(town, **{**ahead, "from_utc_us": NOW_UTC_US})
    assert reaching["countdown"]["to_come"] is False
    assert reaching["coverage"]["totals_us"]["growing"] == 15 * MINUTE_US


async def test_nomadic_camera_is_told_with_each_place_and_what_was_recorded_there(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13", address="quai Neuf", view="vers le pont")
    await town.act("root", "camera.add", camera="nomad", url="rtsp://h/", kind="nomadic", point="p12")
    town.clock.advance(2 * HOUR_US)
    since = NOW_UTC_US + HOUR_US
    await town.act("root", "camera.move", camera="nomad", point="p13", since_utc_us=since, reason="told late")
    town.index.recorded("nomad", ago_us=-(58 * MINUTE_US))  # two minutes here, three there
    told = await at(town, place="quai Neuf", from_utc_us=NOW_UTC_US, to_utc_us=NOW_UTC_US + 2 * HOUR_US)
    (camera,) = told["cameras"]
    first, second = camera["placements"]
    assert (camera["kind"], first["matched"], second["matched"]) == ("nomadic", None, ["quai Neuf"])
    assert (first["entered_late"], second["entered_late"], second["view"]) == (False, True, "vers le pont")
    assert (first["to_utc_us"], second["from_utc_us"], second["to_utc_us"]) == (since, since, None)
    assert (first["recorded_us"], second["recorded_us"]) == (2 * MINUTE_US, 3 * MINUTE_US)
    before = await at(town, place="quai Neuf", from_utc_us=NOW_UTC_US, to_utc_us=since)
    assert before["cameras"] == []
    assert [(one["camera"], one["when"]) for one in before["elsewhen"]] == [("nomad", "now")]


async def test_dome_is_told_with_its_presets_and_that_its_positions_are_sealed(town: World) -> None:
    presets = {"ptz": "onvif", "ptz_expect": ["mairie", "parvis"]}
    await town.act("root", "camera.add", camera="dome", url="rtsp://h/", point="p12", **presets)
    await town.act("root", "camera.add", camera="mute", url="rtsp://h/", point="p12", kind="dome")
    away = MoveRow(UtcUs(NOW_UTC_US + 1), None, "left", 1)
    town.index.moves["dome"] = [away]
    told = {camera["camera"]: camera["looked"] for camera in (await at(town))["cameras"]}
    sealed = {"positions": "sealed", "expected": ["mairie", "parvis"]}
    assert told == {
        CAMERA: None,
        "dome": {**sealed, "moves": [away._asdict()]},
        "mute": {"positions": "not asked", "expected": [], "moves": []},
    }
    town.index.is_away = True
    told = {camera["camera"]: camera["looked"] for camera in (await at(town))["cameras"]}
    assert told["dome"] == {**sealed, "moves": None}


async def test_place_that_nobody_knows_is_answered_with_names_that_are_like_it(town: World) -> None:
    told = await at(town, **{**PLACE, "place": "rue de l'Eglse"})
    assert (told["cameras"], told["points"]) == ([], [])
    assert [one["text"] for one in told["suggestions"]] == ["rue de l'Église"]


@pytest.mark.parametrize(("who", "named"), [("a.martin", True), ("f.audit", True), ("b.petit", True), ("root", False)])
async def test_who_may_not_see_requisitions_is_told_only_that_it_is_held(town: World, who: str, named: bool) -> None:
    made = await town.act("a.martin", "requisition.new", **PLACE, **ASKED_BY, authority_number="PV 1")
    (told,) = (await at(town, who))["overlaps"]
    assert told["requisition"] == (made["requisition"] if named else None)
    assert told["hold"] == (made["hold"] if named else None)
    assert (told["keeps"], told["until_utc_us"]) == (True, made["hold_until_utc_us"])
    assert (told["from_utc_us"], told["to_utc_us"]) == (PLACE["from_utc_us"], PLACE["to_utc_us"])


async def test_index_that_is_away_leaves_places_and_the_countdown_by_the_register(town: World) -> None:
    town.index.is_away = True
    told = await only(town)
    assert told["coverage"] is None
    assert told["countdown"]["state"] == "counting"
    assert told["placements"][0]["point"] == "p12"


async def test_more_than_one_question_may_read_is_refused_by_its_field(town: World) -> None:
    asked = {"cameras": [CAMERA], "from_utc_us": 0, "to_utc_us": NOW_UTC_US}
    with pytest.raises(InvalidValue) as refusal:
        await at(town, **asked)
    assert refusal.value.field == "to_utc_us"
    ahead = {**asked, "from_utc_us": NOW_UTC_US, "to_utc_us": NOW_UTC_US + 5000 * DAY_US}
    assert (await only(town, **ahead))["coverage"]["totals_us"] == {"to come": 5000 * DAY_US}


async def test_camera_that_fails_every_minute_does_not_fill_the_answer(town: World) -> None:
    town.clock.advance(2 * DAY_US)
    starts = range(NOW_UTC_US, NOW_UTC_US + DAY_US, MINUTE_US)
    town.index.gaps[CAMERA] = [(UtcUs(start), UtcUs(start + MINUTE_US // 2), "silent") for start in starts]
    told = (await only(town, **{**PLACE, "to_utc_us": NOW_UTC_US + DAY_US}))["coverage"]
    assert (len(told["parts"]), told["parts_in_all"]) == (MOST_PARTS, 2 * 24 * 60)
    assert told["totals_us"]["gap"] == DAY_US // 2


async def test_cameras_that_all_fail_every_minute_are_told_in_one_frame(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.act("root", "camera.add", camera="dome", url="rtsp://h/", ptz="onvif")
    town.clock.advance(DAY_US)
    starts = range(NOW_UTC_US, NOW_UTC_US + HOUR_US, MINUTE_US)
    town.index.gaps["dome"] = [(UtcUs(start), UtcUs(start + MINUTE_US // 2), "fell behind") for start in starts]
    town.index.moves["dome"] = [MoveRow(UtcUs(start), UtcUs(start + 1), "left", 1) for start in starts]
    asked = {"cameras": [CAMERA, "dome"], "from_utc_us": NOW_UTC_US, "to_utc_us": NOW_UTC_US + HOUR_US}
    _, whole = (await at(town, **asked))["cameras"]
    stretches = [*whole["coverage"]["parts"][:2], *whole["looked"]["moves"][:2]]
    assert len(json.dumps(stretches)) / 2 * MOST_PARTS_IN_ALL < MAX_FRAME_BYTES
    monkeypatch.setattr("access.footage.at.MOST_PARTS_IN_ALL", 20)
    _, told = (await at(town, **asked))["cameras"]
    assert told["looked"]["moves"] == whole["looked"]["moves"][-10:]
    assert told["coverage"] == {**whole["coverage"], "parts": whole["coverage"]["parts"][:10]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"place": None}, "place"),
        ({"cameras": ["cam-1"]}, "place"),
        ({"place": None, "cameras": ["nowhere"]}, "cameras"),
        ({"place": None, "cameras": [f"cam-{number}" for number in range(10_000)]}, "cameras"),
        ({"to_utc_us": NOW_UTC_US}, "to_utc_us"),
        ({"from_utc_us": 253_370_764_800_000_000}, "from_utc_us"),
        ({"asked_by": "OPJ"}, "asked_by"),
    ],
)
async def test_wrong_value_is_named_by_its_field(town: World, change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await at(town, **{**PLACE, **change})
    assert refusal.value.field == field
