from nvr.base.ids import CameraId
from storage.predecessors import Predecessors
from storage.records import NoPredecessor
from storage.volume import VolumeId

CAM, A, B = CameraId("cam"), VolumeId("a"), VolumeId("b")
ROOT = bytes(range(32))


def test_first_segment_names_none() -> None:
    assert Predecessors().open(CAM, A) is NoPredecessor.FIRST


def test_closed_segment_is_named_by_its_root_and_a_failed_one_is_not() -> None:
    chain = Predecessors()
    chain.open(CAM, A)
    chain.closed(CAM, A, ROOT)
    assert chain.open(CAM, A) == ROOT
    assert chain.open(CAM, A) is NoPredecessor.FAILED


def test_camera_that_moved_to_another_volume_says_so() -> None:
    chain = Predecessors()
    chain.open(CAM, A)
    assert chain.open(CAM, B) is NoPredecessor.VOLUME
    chain.closed(CAM, A, ROOT)  # the old volume was slow
    assert chain.open(CAM, B) is NoPredecessor.FAILED
