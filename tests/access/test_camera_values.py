from access.camera_values import deal, placement_proposal
from nvr.base.ids import CameraId, PointId
from nvr.base.units import UtcUs
from storage.ledger.entries import Actor
from storage.ledger.people import Placement

ROOT = Actor(id="root", role="administrator")


def test_cameras_are_dealt_to_the_shard_with_the_fewest() -> None:
    counts = {0: 2, 1: 0, 2: 1}
    assert [deal(counts, lambda _: 3) for _ in range(4)] == [1, 1, 2, 0]
    assert counts == {0: 3, 1: 2, 2: 2}


def test_shard_that_so_many_cameras_call_for_gets_the_next_one() -> None:
    counts = {0: 2}
    assert [deal(counts, lambda cameras: 1 + cameras // 4) for _ in range(3)] == [0, 1, 1]


def test_only_a_placement_that_began_before_is_entered_late() -> None:
    def late(from_utc_us: int) -> bool:
        proposal = placement_proposal(
            ROOT, CameraId("a"), PointId("p"), from_utc_us=UtcUs(from_utc_us), now_utc_us=UtcUs(10)
        )
        assert isinstance(proposal.body, Placement)
        return proposal.body.entered_late

    assert [late(9), late(10)] == [True, False]
