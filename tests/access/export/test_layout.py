"""Names in a bundle: safe on every file system, and told apart."""

from access.export import layout
from nvr.base.ids import CameraId, RequisitionNo
from tests.access.footage import START_UTC_US


def test_movie_is_named_by_camera_second_and_number() -> None:
    path = layout.video_path(CameraId("place-mairie"), START_UTC_US + 999_999, 7)
    assert path == "video/place-mairie_20260921T141320Z_007.mp4"
    assert not set(path) & set(':*?"<>|\\ ')


def test_bundle_is_named_by_requisition_and_number() -> None:
    assert layout.bundle_name(RequisitionNo("R-2026-000123"), 2) == "EXP-R-2026-000123-2"


def test_entry_proof_and_records_have_names_of_their_own() -> None:
    name = layout.seal_name("0" * 32)
    assert len({layout.entry_path(name), layout.proof_path(name), layout.records_path("0" * 32)}) == 3


def test_manifest_can_not_list_what_is_made_from_it() -> None:
    made_later = {layout.entry_path(layout.EXPORT), layout.proof_path(layout.EXPORT), layout.SIGNATURE, layout.SUMS}
    assert made_later | {layout.MANIFEST} == layout.NOT_IN_MANIFEST
