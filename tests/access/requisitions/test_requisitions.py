import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy import Denied
from access.ports import Coverage
from access.requisitions.requisitions import absence, number_after
from nvr.base.errors import InvalidValue, Retryable
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.database import IndexUnavailable
from storage.ledger.people import Hold, Requisition
from storage.vanished import Vanished
from tests.access.world import CAMERA, DAY_US, HOUR_US, MINUTE_US, NOW_UTC_US, World

ASKED = {
    "cameras": ["cam-1"],
    "from_utc_us": NOW_UTC_US - 2 * HOUR_US,
    "to_utc_us": NOW_UTC_US - HOUR_US,
    "asked_by": "Capitaine Renaud",
}


async def test_four_fields_are_enough_and_the_hold_comes_first(town: World) -> None:
    town.index.recorded()
    made = await town.act("a.martin", "requisition.new", **ASKED)
    first, hold, requisition = [entry.body for entry in await town.keeper.all()][-3:]
    assert isinstance(first, Hold)
    assert isinstance(hold, Hold)
    assert isinstance(requisition, Requisition)
    assert (first.hold, first.until_utc_us) == (hold.hold, made["hold_until_utc_us"])
    assert (made["requisition"], made["state"], made["answer"]) == ("R-2026-000001", "received", None)
    assert (hold.requisition, requisition.hold) == (made["requisition"], hold.hold)
    assert made["requester"] == "Capitaine Renaud"


async def test_unvalidated_hold_outlives_the_cap_by_96_hours(town: World) -> None:
    made = await town.act("a.martin", "requisition.new", **ASKED)
    days = (made["hold_until_utc_us"] - ASKED["to_utc_us"]) / DAY_US
    assert 30 + 4 <= days <= 31 + 4  # a month from 21 September is 30 days


async def test_place_stands_for_the_cameras_that_were_there(town: World) -> None:
    town.index.recorded()
    town.clock.advance(3 * HOUR_US)
    asked = {
        "place": "Rue de l’eglise",
        "from_utc_us": NOW_UTC_US,
        "to_utc_us": NOW_UTC_US + HOUR_US,
        "asked_by": "OPJ",
    }
    made = await town.act("a.martin", "requisition.new", **asked)
    assert (made["cameras"], made["place"]) == ([CAMERA], "Rue de l’eglise")


async def test_place_without_a_camera_is_accepted_and_answered(town: World) -> None:
    asked = {key: value for key, value in ASKED.items() if key != "cameras"}
    made = await town.act("a.martin", "requisition.new", place="rue Inconnue", **asked)
    assert made["answer"] == {"kind": "no-images", "cameras": []}
    assert (made["state"], made["hold"]) == ("no-images", None)


async def test_volume_that_is_away_is_no_answer(town: World) -> None:
    town.index.recorded()
    rows = town.index.segments[CAMERA]
    rows[0] = replace(rows[0], path=None)
    made = await town.act("a.martin", "requisition.new", **ASKED)
    assert (made["state"], made["answer"]) == ("received", None)


@pytest.mark.parametrize(
    ("fate", "reason", "since", "why"),
    [
        ("destroyed", "destroyed", NOW_UTC_US, "cap"),
        ("lost", "lost", NOW_UTC_US, "not on its volume"),
        ("", "no camera there", None, None),
    ],
)
async def test_footage_that_vanished_is_answered_with_the_reason_and_since_when(
    town: World, fate: str, reason: str, since: int | None, why: str | None
) -> None:
    if fate:
        getattr(town.index, fate).add(CAMERA)
    made = await town.act("a.martin", "requisition.new", **ASKED)
    told = {"camera": CAMERA, "reason": reason, "since_utc_us": since, "why": why}
    assert made["answer"] == {"kind": "no-images", "cameras": [told]}
    assert made["state"] == "no-images"


async def test_camera_that_stood_there_and_recorded_nothing_is_said_so(town: World) -> None:
    town.clock.advance(DAY_US)
    asked = {**ASKED, "from_utc_us": NOW_UTC_US + HOUR_US, "to_utc_us": NOW_UTC_US + 2 * HOUR_US}
    made = await town.act("a.martin", "requisition.new", **asked)
    assert [each["reason"] for each in made["answer"]["cameras"]] == ["never recorded"]


async def test_minutes_just_past_are_not_answered_yet(town: World) -> None:
    asked = {**ASKED, "to_utc_us": NOW_UTC_US - MINUTE_US}
    made = await town.act("a.martin", "requisition.new", **asked)
    assert (made["state"], made["answer"]) == ("received", None)


async def test_interval_in_the_future_is_held(town: World) -> None:
    asked = {**ASKED, "from_utc_us": NOW_UTC_US + HOUR_US, "to_utc_us": NOW_UTC_US + 2 * HOUR_US}
    made = await town.act("a.martin", "requisition.new", **asked)
    assert (made["state"], made["hold_ended"]) == ("received", False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cameras": None}, "place"),
        ({"place": "mairie"}, "place"),
        ({"cameras": ["unknown"]}, "cameras"),
        ({"cameras": "cam-1"}, "cameras"),
        ({"cameras": ["CAM"]}, "camera"),
        ({"cameras": [f"cam-{number}" for number in range(10_000)]}, "cameras"),
        ({"to_utc_us": 253_402_297_199_000_000}, "to_utc_us"),
        ({"to_utc_us": ASKED["from_utc_us"]}, "to_utc_us"),
        ({"from_utc_us": None}, "from_utc_us"),
        ({"from_utc_us": "yesterday"}, "from_utc_us"),
        ({"asked_by": " "}, "asked_by"),
        ({"asked_by": 7}, "asked_by"),
        ({"basis": "x" * 201}, "basis"),
        ({"document_sha256": "12"}, "document_sha256"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_wrong_value_is_named_by_its_field_and_changes_nothing(
    town: World, change: dict[str, object], field: str
) -> None:
    before = await town.keeper.types()
    with pytest.raises(InvalidValue) as refusal:
        await town.act("a.martin", "requisition.new", **{**ASKED, **change})
    assert refusal.value.field == field
    assert await town.keeper.types() == before


async def test_numbers_have_no_gap_when_many_ask_at_once_and_some_are_refused(town: World) -> None:
    async def ask(cameras: list[str]) -> str:
        try:
            made = await town.act("a.martin", "requisition.new", **{**ASKED, "cameras": cameras})
        except InvalidValue:
            return "refused"
        return str(made["requisition"])

    numbers = await asyncio.gather(*(ask(["cam-1"] if number % 3 else ["unknown"]) for number in range(12)))
    made = sorted(number for number in numbers if number != "refused")
    assert made == [f"R-2026-{count:06d}" for count in range(1, 9)]


async def test_number_is_not_lost_when_the_keeper_goes_away_after_the_hold(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    coverage = town.index.coverage

    async def last_answer(*asked: Any) -> Coverage:  # noqa: ANN401 -- as the index has it
        town.keeper.answers = False
        return await coverage(*asked)

    monkeypatch.setattr(town.index, "coverage", last_answer)
    with pytest.raises(Retryable):
        await town.act("a.martin", "requisition.new", **ASKED)
    monkeypatch.setattr(town.index, "coverage", coverage)
    town.keeper.answers = True
    await town.act("a.martin", "requisition.new", **ASKED)
    numbers = [row["requisition"] for row in await town.act("a.martin", "requisition.list")]
    # The first was settled when the keeper was back: it has its number, and no third appears.
    assert numbers == ["R-2026-000002", "R-2026-000001"]


async def test_year_of_the_number_is_the_local_one(town: World) -> None:
    new_year_in_paris = 1_798_758_000_000_000  # 31 December 2026, 23:00 UTC
    town.clock.advance(new_year_in_paris - NOW_UTC_US)
    made = await town.act("a.martin", "requisition.new", **ASKED)
    assert made["requisition"] == "R-2027-000001"


async def test_requisition_and_answer_are_on_the_cameras_that_are_held_whatever_is_corrected_meanwhile(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    coverage = town.index.coverage

    async def corrected_point_first(*asked: Any) -> Coverage:  # noqa: ANN401 -- as the index has it
        await town.act("root", "point.add", point="p12", number="12", streets="rue Neuve")
        return await coverage(*asked)

    town.clock.advance(DAY_US)
    monkeypatch.setattr(town.index, "coverage", corrected_point_first)
    asked = {"place": "mairie", "from_utc_us": NOW_UTC_US, "to_utc_us": NOW_UTC_US + MINUTE_US, "asked_by": "OPJ"}
    made = await town.act("a.martin", "requisition.new", **asked)
    assert (made["cameras"], [each["camera"] for each in made["answer"]["cameras"]]) == ([CAMERA], [CAMERA])


async def test_index_that_is_away_is_no_answer_and_the_requisition_is_taken(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> Coverage:
        raise IndexUnavailable(file="postgresql:///scelle", why="no route to host")

    monkeypatch.setattr(town.index, "coverage", away)
    made = await town.act("a.martin", "requisition.new", **ASKED)
    assert (made["state"], made["answer"], made["hold_ended"]) == ("received", None, False)


async def test_refusal_is_by_another_person_with_a_reason(town: World) -> None:
    made = await town.act("a.martin", "requisition.new", **{**ASKED, "to_utc_us": NOW_UTC_US})
    number = made["requisition"]
    with pytest.raises(InvalidValue, match="reason"):
        await town.act("b.petit", "requisition.refuse", requisition=number)
    refused = await town.act("b.petit", "requisition.refuse", requisition=number, reason="sans fondement")
    assert (refused["state"], refused["refusal"], refused["decided_by"]) == ("refused", "sans fondement", "b.petit")
    with pytest.raises(Denied, match="already-decided"):
        await town.act("b.petit", "requisition.refuse", requisition=number, reason="encore")


async def test_who_made_a_requisition_does_not_decide_on_it_and_the_ledger_says_so(town: World) -> None:
    made = await town.act("c.both", "requisition.new", **{**ASKED, "to_utc_us": NOW_UTC_US})
    with pytest.raises(Denied, match="same-person"):
        await town.act("c.both", "requisition.refuse", requisition=made["requisition"], reason="non")
    assert await town.denials() == [("c.both", "requisition.refuse", "same-person")]


async def test_closing_ends_the_hold_and_waits_for_a_decision(town: World) -> None:
    made = await town.act("a.martin", "requisition.new", **{**ASKED, "to_utc_us": NOW_UTC_US})
    number = made["requisition"]
    with pytest.raises(Denied, match="not-decided"):
        await town.act("b.petit", "requisition.close", requisition=number, reason="fini")
    await town.act("b.petit", "requisition.refuse", requisition=number, reason="sans fondement")
    closed = await town.act("b.petit", "requisition.close", requisition=number, reason="fini")
    assert (closed["state"], closed["hold_ended"]) == ("closed", True)
    with pytest.raises(Denied, match="already-closed"):
        await town.act("b.petit", "requisition.close", requisition=number, reason="fini")


async def test_unknown_requisition_is_named(town: World) -> None:
    for name in ("requisition.show", "requisition.refuse", "requisition.close"):
        args = {} if name.endswith("show") else {"reason": "x"}
        with pytest.raises(InvalidValue) as refusal:
            await town.act("b.petit", name, requisition="R-2026-000009", **args)
        assert refusal.value.field == "requisition"


async def test_personal_values_are_not_in_the_ledger(town: World) -> None:
    asked = {**ASKED, "authority": "Commissariat", "authority_number": "PV 2026/77", "document_sha256": "ab" * 32}
    await town.act("a.martin", "requisition.new", **asked)
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    for text in (b"Renaud", b"Commissariat", b"2026/77", b"ab" * 32):
        assert text not in leaves


GONE = Vanished(UtcUs(10), UtcUs(20), "destroyed", UtcUs(900), "cap")
GONE_BEFORE = Vanished(UtcUs(30), UtcUs(40), "destroyed", UtcUs(800), "camera")
LOST = Vanished(UtcUs(20), UtcUs(30), "lost", UtcUs(500), "not on its volume")
FATES = (GONE_BEFORE, GONE, LOST)
"""What is told comes before what is not: destroyed before lost, and what went first."""


@given(st.lists(st.sampled_from(FATES)), st.booleans())
def test_absence_always_has_a_reason_and_of_what_existed_since_when_and_why(gone: list[Vanished], stood: bool) -> None:
    answer = absence(CameraId("cam-1"), Coverage((), tuple(gone)), stood_somewhere=stood)
    assert answer is not None
    first = next((fate for fate in FATES if fate in gone), None)
    if first is None:
        assert answer.reason in {"never recorded", "no camera there"}
    else:
        assert (answer.reason, answer.since_utc_us, answer.why) == (first.cause, first.since_utc_us, first.why)


@given(st.integers(1, 999_998))
def test_next_number_follows(count: int) -> None:
    assert number_after(f"R-2026-{count:06d}", 2026) == f"R-2026-{count + 1:06d}"
