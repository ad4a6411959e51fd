import pytest

from nvr.base.errors import Retryable
from tests.access.world import DAY_US, World


async def test_snapshot_is_published_only_when_it_changed(town: World) -> None:
    published = len(town.keeper.published)
    assert not await town.publisher.publish()
    assert len(town.keeper.published) == published


async def test_order_that_ends_is_published_by_itself(town: World) -> None:
    town.clock.advance(1001 * DAY_US)
    assert await town.publisher.publish()
    assert town.keeper.published[-1][0].authorisation is None


async def test_publication_that_failed_is_tried_again(town: World) -> None:
    town.clock.advance(1001 * DAY_US)
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await town.publisher.publish()
    town.keeper.answers = True
    assert await town.publisher.publish()


async def test_act_that_is_in_the_ledger_does_not_fail_because_the_snapshot_waits(town: World) -> None:
    async def away(cameras: object) -> int:
        raise Retryable("peer-gone")

    publish = town.keeper.publish
    town.keeper.publish = away  # type: ignore[method-assign]
    await town.act("root", "camera.retire", camera="cam-1")
    town.keeper.publish = publish  # type: ignore[method-assign]
    assert await town.publisher.publish()
    assert town.keeper.published[-1] == ()
