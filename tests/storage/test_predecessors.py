from nvr.base.ids import CameraId
from storage.predecessors import Predecessors
from storage.records import NoPredecessor
from storage.volume import VolumeId

CAM, A, B = CameraId("cam"), VolumeId("a"), VolumeId("b")
ROOT = bytes(range(32))


def test_first_segment_names_none() -> None:
    assert Predecessors().before(CAM, A) is NoPredecessor.FIRST


def test_closed_segment_is_named_by_its_root_and_a_failed_one_is_not() -> None:
    chain = Predecessors()
    chain.opened(CAM, A)
    chain.closed(CAM, A, ROOT)
    assert chain.before(CAM, A) == ROOT
    chain.opened(CAM, A)
    assert chain.before(CAM, A) is NoPredecessor.FAILED


def test_segment_that_never_came_to_be_does_not_break_the_chain() -> None:
    chain = Predecessors()
    chain.opened(CAM, A)
    chain.closed(CAM, A, ROOT)
    assert [chain.before(CAM, A), chain.before(CAM, A)] == [ROOT, ROOT]


def test_camera_that_moved_to_another_volume_says_so() -> None:
    chain = Predecessors()
    chain.opened(CAM, A)
    assert chain.before(CAM, B) is NoPredecessor.VOLUME
    chain.opened(CAM, B)
    chain.closed(CAM, A, ROOT)  # the old volume was slow
    assert chain.before(CAM, B) is NoPredecessor.FAILED
