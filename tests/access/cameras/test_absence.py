import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue, Retryable
from storage.snapshot import CameraKind
from tests.access.cameras.test_changes import rows_of
from tests.access.world import HOUR_US, NOW_UTC_US, World

REASON = "lent to the fair, says J. Durand"


async def placements(town: World) -> list[tuple[str, int, int | None]]:
    return [(row["point"], row["from_utc_us"], row["to_utc_us"]) for row in await rows_of(town) if "placement" in row]


async def taken_down(town: World) -> None:
    """One hour after its beginning, cam-1 is entered as absent."""
    town.clock.advance(HOUR_US)
    await town.act("root", "camera.absent", camera="cam-1", reason=REASON)


async def test_absence_ends_the_placement_and_recorders_hear_of_it(town: World) -> None:
    await taken_down(town)
    (entry,) = town.keeper.published[-1]
    assert (entry.absent, entry.point, entry.placement) == (True, None, None)
    assert await placements(town) == [("p12", NOW_UTC_US, NOW_UTC_US + HOUR_US)]
    assert (await town.keeper.types())[-2:] == ["camera", "placement"]
    (shown,) = await town.act("root", "camera.list")
    assert (shown["absent"], shown["absent_reason"], shown["point"]) == (True, REASON, None)


async def test_without_the_ledger_nobody_is_absent(town: World) -> None:
    published = len(town.keeper.published)
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await town.act("root", "camera.absent", camera="cam-1", reason=REASON)
    assert len(town.keeper.published) == published
    assert [row["absent"] for row in await rows_of(town) if "absent" in row] == [False]


async def test_ledger_has_no_word_of_the_reason(town: World) -> None:
    await taken_down(town)
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    assert b"Durand" not in leaves


async def test_present_camera_stands_where_it_stood_last(town: World) -> None:
    await taken_down(town)
    town.clock.advance(HOUR_US)
    shown = await town.act("root", "camera.present", camera="cam-1")
    assert (shown["absent"], shown["absent_reason"]) == (False, None)
    assert town.keeper.published[-1][0].point == "p12"
    begins = NOW_UTC_US + 2 * HOUR_US
    assert await placements(town) == [("p12", NOW_UTC_US, NOW_UTC_US + HOUR_US), ("p12", begins, None)]
    assert town.checks.retried == []


@pytest.mark.parametrize("act", ["camera.present", "camera.move"])
async def test_camera_that_comes_back_elsewhere_stands_there(town: World, act: str) -> None:
    await town.act("root", "point.add", point="p13", number="13")
    await taken_down(town)
    await town.act("root", act, camera="cam-1", point="p13")
    (entry,) = town.keeper.published[-1]
    assert (entry.absent, entry.point) == (False, "p13")


async def test_move_backdated_into_an_absence_ends_it(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13")
    await taken_down(town)
    town.clock.advance(2 * HOUR_US)
    since = NOW_UTC_US + 2 * HOUR_US
    await town.act("root", "camera.move", camera="cam-1", point="p13", since_utc_us=since, reason="told late")
    assert await placements(town) == [("p12", NOW_UTC_US, NOW_UTC_US + HOUR_US), ("p13", since, None)]
    assert town.keeper.published[-1][0].absent is False


async def test_move_backdated_to_before_an_absence_was_entered_ends_the_placement_then(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13")
    await taken_down(town)
    since = NOW_UTC_US + HOUR_US // 2
    await town.act("root", "camera.move", camera="cam-1", point="p13", since_utc_us=since, reason="told late")
    assert await placements(town) == [("p12", NOW_UTC_US, since), ("p13", since, None)]


async def test_present_camera_that_nobody_entered_as_absent_is_only_tried_again(town: World) -> None:
    entries = await town.keeper.types()
    await town.act("root", "camera.present", camera="cam-1")
    assert [camera for _, camera in town.checks.retried] == ["cam-1"]
    assert await town.keeper.types() == entries


async def test_edit_of_an_absent_camera_keeps_absence_and_reason(town: World) -> None:
    await taken_down(town)
    shown = await town.act("root", "camera.edit", camera="cam-1", kind="nomadic")
    assert (shown["kind"], shown["absent"], shown["absent_reason"]) == ("nomadic", True, REASON)
    assert town.keeper.published[-1][0].kind is CameraKind.NOMADIC


@pytest.mark.parametrize(
    ("act", "args", "field"),
    [
        ("camera.absent", {"camera": "cam-1"}, "reason"),
        ("camera.absent", {"camera": "cam-9", "reason": REASON}, "camera"),
        ("camera.present", {"camera": "cam-9"}, "camera"),
        ("camera.present", {"camera": "cam-1", "point": "p12"}, "point"),
        ("camera.edit", {"camera": "cam-1", "kind": "flying"}, "kind"),
    ],
)
async def test_wrong_value_is_named(town: World, act: str, args: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", act, **args)
    assert refusal.value.field == field


async def test_absence_is_entered_once_and_a_point_must_be_known(town: World) -> None:
    await taken_down(town)
    for act, args in (("camera.absent", {"reason": "again"}), ("camera.present", {"point": "p99"})):
        with pytest.raises(InvalidValue):
            await town.act("root", act, camera="cam-1", **args)


@pytest.mark.parametrize(("act", "args"), [("camera.absent", {"reason": REASON}), ("camera.present", {})])
async def test_only_administrators_say_so(town: World, act: str, args: dict[str, object]) -> None:
    with pytest.raises(Denied):
        await town.act("a.martin", act, camera="cam-1", **args)
