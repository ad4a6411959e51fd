import asyncio

import pytest

from access.facts import facts_of
from access.reading import grant_row
from nvr.base.errors import Retryable
from tests.access.opened import Opened
from tests.access.world import HOUR_US
from tests.storage.sealed import CAMERA


async def test_cameras_are_rotated_before_their_segments_are_released(opened: Opened) -> None:
    made = await opened.validate(await opened.ask())
    assert opened.world.keeper.rotated == [(CAMERA,)]
    assert made["segs"] == [start.segment for start in opened.starts]
    assert (await opened.world.keeper.types())[-1] == "release"


async def test_release_waits_for_a_keeper_that_is_away_and_follows_with_the_file(opened: Opened) -> None:
    number = await opened.ask()

    async def away(cameras: object) -> list[object]:
        raise Retryable("peer-unreachable")

    rotate = opened.world.keeper.rotate
    opened.world.keeper.rotate = away  # type: ignore[assignment,method-assign]
    opened.world.clock.advance(-HOUR_US + 60_000_000)  # the footage is a minute old
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("validated", "peer-unreachable")
    with pytest.raises(Retryable):
        await opened.file(made["grant"])
    opened.world.keeper.rotate = rotate  # type: ignore[method-assign]
    assert (await opened.answer(made["grant"], 1))["state"] == "collecting"


async def test_old_footage_does_not_wait_for_a_rotation(opened: Opened) -> None:
    async def away(cameras: object) -> list[object]:
        raise Retryable("peer-unreachable")

    opened.world.keeper.rotate = away  # type: ignore[assignment,method-assign]
    assert (await opened.validate(await opened.ask()))["state"] == "released"


async def test_segment_that_can_not_be_read_is_left_out_and_named(opened: Opened) -> None:
    path = opened.recorder.path_of(opened.starts[1])
    await asyncio.to_thread(path.unlink)
    made = await opened.validate(await opened.ask())
    assert made["segs"] == [opened.starts[0].segment, opened.starts[2].segment]


async def test_nothing_to_release_is_said(opened: Opened) -> None:
    number = await opened.ask()
    opened.world.index.segments.clear()
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("validated", "nothing-to-release")


async def test_requisition_that_is_closed_while_its_release_waits_is_not_released(opened: Opened) -> None:
    number = await opened.ask()

    async def close(cameras: object) -> list[object]:
        await opened.world.act("b.petit", "requisition.close", requisition=number, reason="retirée")
        return []

    opened.world.keeper.rotate = close  # type: ignore[assignment,method-assign]
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("closed", "already-closed")
    assert "release" not in await opened.world.keeper.types()


async def test_every_release_entry_of_a_grant_is_known_for_its_export(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access.releasing.SEGMENTS_PER_ENTRY", 2)
    grant = await opened.grant()
    facts = await opened.world.register.read(lambda session: facts_of(session, grant_row(session, grant)))
    entries = await opened.world.keeper.all()
    assert [entries[index].t for index in facts.release_indices] == ["release", "release"]
    assert len(await opened.everything(await opened.open(grant))) == 3 * 3 * 4
