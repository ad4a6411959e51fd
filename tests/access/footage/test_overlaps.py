"""Who asked for the same before is named, nothing is refused for it, and only a reader of requisitions sees numbers."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from access.footage.countdown import Asked
from access.footage.overlaps import MOST_TOLD, Overlap, as_told, duplicate_of, overlaps
from tests.access.world import HOUR_US, NOW_UTC_US, World

EARLY, NOW = NOW_UTC_US - 3 * HOUR_US, NOW_UTC_US
BY = {"asked_by": "OPJ Durand"}


@pytest.fixture
async def two(town: World) -> World:
    await town.act("root", "camera.add", camera="cam-2", url="rtsp://h/", point="p12")
    town.index.recorded(ago_us=2 * HOUR_US)
    return town


async def ask(town: World, *cameras: str, begin: int = EARLY, end: int = NOW, **more: object) -> dict[str, Any]:
    scope = {"cameras": list(cameras), "from_utc_us": begin, "to_utc_us": end}
    made: dict[str, Any] = await town.act("a.martin", "requisition.new", **scope, **BY, **more)
    return made


async def test_earlier_requests_are_named_with_what_is_shared(two: World) -> None:
    first = await ask(two, "cam-1", end=NOW - HOUR_US, authority_number="PV 2026/12")
    hold = await two.act("root", "hold.place", cameras=["cam-2", "cam-1"], from_utc_us=NOW - 1, to_utc_us=NOW + 9, **BY)
    made = await ask(two, "cam-1", "cam-2", begin=EARLY + 5, authority_number="pv2026/12")
    by_number, by_hold = made["overlaps"]
    assert by_number == {
        "requisition": first["requisition"],
        "hold": first["hold"],
        "state": "received",
        "cameras": ("cam-1",),
        "from_utc_us": EARLY + 5,
        "to_utc_us": NOW - HOUR_US,
        "keeps": True,
        "until_utc_us": first["hold_until_utc_us"],
        "same_authority_number": True,
        "is_same": False,
        "asked_utc_us": NOW_UTC_US,
    }
    assert (by_hold["requisition"], by_hold["hold"], by_hold["cameras"]) == (None, hold["hold"], ("cam-1", "cam-2"))
    assert (by_hold["from_utc_us"], by_hold["to_utc_us"], by_hold["same_authority_number"]) == (NOW - 1, NOW, None)
    assert (made["overlaps_in_all"], made["duplicate_of"], made["hold_ended"]) == (2, None, False)


async def test_what_shares_no_camera_or_only_an_instant_is_not_named(two: World) -> None:
    await ask(two, "cam-2")
    await ask(two, "cam-1", end=NOW - HOUR_US)
    made = await ask(two, "cam-1", begin=NOW - HOUR_US)
    assert (made["overlaps"], made["overlaps_in_all"]) == ([], 0)


async def test_same_number_for_the_same_footage_is_told_and_taken_and_held_all_the_same(two: World) -> None:
    await ask(two, "cam-1", authority_number="PV 2026/13")
    first = await ask(two, "cam-1", authority_number="PV 2026/12")
    await ask(two, "cam-1")
    again = await ask(two, "cam-1", authority_number="PV2026/12 ")
    third = await ask(two, "cam-1", authority_number="PV 2026/12")
    assert (again["duplicate_of"], third["duplicate_of"]) == (first["requisition"], first["requisition"])
    assert again["requisition"] != first["requisition"]
    assert again["hold"] not in (None, first["hold"])
    assert [one["same_authority_number"] for one in again["overlaps"]] == [None, True, False]
    assert all(one["is_same"] for one in again["overlaps"])


async def test_hold_that_is_over_is_not_named_and_a_closed_requisition_says_that_it_keeps_nothing(two: World) -> None:
    scope = {"cameras": ["cam-1"], "from_utc_us": EARLY, "to_utc_us": NOW}
    hold = await two.act("root", "hold.place", **scope, **BY)
    await two.act("b.petit", "hold.end", hold=hold["hold"], reason="over")
    first = await ask(two, "cam-1")
    await two.act("b.petit", "requisition.refuse", requisition=first["requisition"], reason="no basis")
    await two.act("b.petit", "requisition.close", requisition=first["requisition"], reason="answered")
    (told,) = (await ask(two, "cam-1"))["overlaps"]
    assert (told["requisition"], told["keeps"], told["state"]) == (first["requisition"], False, "closed")


@pytest.mark.parametrize("who", ["root", "g.fix"])
async def test_administrator_who_places_a_hold_is_told_that_it_is_held_and_no_more(two: World, who: str) -> None:
    made = await ask(two, "cam-1", authority_number="PV")
    scope = {"cameras": ["cam-1"], "from_utc_us": EARLY - HOUR_US, "to_utc_us": NOW}
    placed = await two.act(who, "hold.place", **scope, **BY)
    (told,) = placed["overlaps"]
    assert {key for key, value in told.items() if value is not None} == {
        "cameras",
        "from_utc_us",
        "to_utc_us",
        "keeps",
        "until_utc_us",
    }
    assert (told["from_utc_us"], told["until_utc_us"]) == (EARLY, made["hold_until_utc_us"])
    assert placed["duplicate_of"] is None
    await two.act("b.petit", "requisition.refuse", requisition=made["requisition"], reason="no basis")
    await two.act("b.petit", "requisition.close", requisition=made["requisition"], reason="answered")
    (mine,) = (await two.act(who, "hold.place", **scope, **BY))["overlaps"]  # the hold of before, not what was closed
    assert mine["from_utc_us"] == EARLY - HOUR_US


async def test_requisition_without_camera_overlaps_nothing_and_is_offered_names(two: World) -> None:
    made = await two.act("a.martin", "requisition.new", place="rue de l'Eglse", from_utc_us=EARLY, to_utc_us=NOW, **BY)
    assert (made["overlaps"], made["state"]) == ([], "no-images")
    assert [one["text"] for one in made["suggestions"]] == ["rue de l'Église"]


async def test_of_many_only_the_newest_are_told_and_how_many_there_are(two: World) -> None:
    def many(session: Session) -> list[Overlap]:
        (one,) = overlaps(session, Asked(("cam-1",), EARLY, NOW), NOW)
        return [one] * (MOST_TOLD + 1)

    await ask(two, "cam-1")
    told = as_told(await two.register.read(many), by_name=True)
    assert (len(told["overlaps"]), told["overlaps_in_all"]) == (MOST_TOLD, MOST_TOLD + 1)
    assert duplicate_of([]) is None
