"""What was not granted is found in a bundle, even when every hash and signature in it is right."""

from pathlib import Path

from access.export.boxes import box, boxes, full_box
from access.verification.bundle import verify_bundle
from tests.access.footage import FRAME_US, START_UTC_US, Town
from tests.access.verification.bundles import sign_again


def found_in(bundle: Path) -> set[tuple[str, str]]:
    return {(one.id, one.file) for one in verify_bundle(bundle).findings}


def video_of(bundle: Path) -> tuple[Path, str]:
    (path,) = (bundle / "video").iterdir()
    return path, f"video/{path.name}"


def test_camera_that_was_not_granted_is_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["items"][0].update(camera="gare"))
    assert ("camera-not-granted", video_of(bundle)[1]) in found_in(bundle)


def test_records_before_the_granted_interval_are_named(bundle: Path) -> None:
    def later(manifest: dict[str, dict[str, int]]) -> None:
        manifest["grant"]["from_utc_us"] = START_UTC_US + 55 * FRAME_US

    sign_again(bundle, later)
    assert ("record-not-granted", video_of(bundle)[1]) in found_in(bundle)


def test_records_after_the_granted_interval_are_named(bundle: Path) -> None:
    def earlier(manifest: dict[str, dict[str, int]]) -> None:
        manifest["grant"]["to_utc_us"] = START_UTC_US + 35 * FRAME_US

    sign_again(bundle, earlier)
    found = found_in(bundle)
    assert ("record-not-granted", video_of(bundle)[1]) in found
    assert ("shown-outside", video_of(bundle)[1]) in found


def test_movie_wholly_outside_is_named(bundle: Path) -> None:
    def elsewhere(manifest: dict[str, dict[str, int]]) -> None:
        manifest["grant"]["from_utc_us"] = START_UTC_US + 900 * FRAME_US
        manifest["grant"]["to_utc_us"] = START_UTC_US + 901 * FRAME_US

    sign_again(bundle, elsewhere)
    assert ("outside-grant", video_of(bundle)[1]) in found_in(bundle)


def test_sound_track_is_named(bundle: Path) -> None:
    path, name = video_of(bundle)
    data = path.read_bytes()
    *_, moov = boxes(data, 0, len(data))
    sound = box(b"trak", box(b"mdia", full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(13))))
    path.write_bytes(data[: moov.start] + box(b"moov", data[moov.body : moov.end], sound))
    sign_again(bundle)
    assert ("not-one-video", name) in found_in(bundle)


def test_box_with_more_than_the_movie_is_named(bundle: Path) -> None:
    path, name = video_of(bundle)
    path.write_bytes(path.read_bytes() + box(b"udta", b"hidden"))
    sign_again(bundle)
    assert ("box-damaged", name) in found_in(bundle)


def test_disclosed_key_without_its_pictures_is_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["items"][0]["segments"][0].update(records=[9, 9]))
    found = found_in(bundle)
    assert "record-unused" in {one for one, file in found if file.startswith("proofs/records/")}


def test_export_after_the_grant_was_over_is_named(good_town: Town, bundle: Path) -> None:
    valid_until = good_town.clock.utc_us()
    sign_again(bundle, lambda manifest: manifest["grant"].update(valid_until_utc_us=valid_until))
    assert {("grant-over", "proofs/open.json"), ("grant-over", "proofs/export.json")} <= found_in(bundle)


def test_footage_without_release_and_opening_is_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["grant"].update(release_indices=[], open_index=None))
    assert ("not-opened", "manifest.json") in found_in(bundle)


def test_entries_in_the_wrong_order_are_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["grant"].update(release_indices=[1000]))
    assert ("out-of-order", "manifest.json") in found_in(bundle)
