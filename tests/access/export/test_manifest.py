"""A manifest is read back as it was written, or refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from access.cameras.places import describe
from access.export.manifest import FileEntry, GapEntry, Manifest, ManifestInvalid, PlaceEntry, decode, encode
from storage.ledger.fields import MOST_TEXT
from storage.register.tables import Point
from tests.access.footage import FRAME_US, START_UTC_US, Town, codec_of, records_of
from tests.access.footage import encode as encode_pictures


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """The manifest of a real bundle."""
    town = Town(tmp_path_factory.mktemp("town"))
    sets, units = encode_pictures(50)
    town.seal(records_of(units), codec_of(sets))
    bundle = town.export(town.grant(START_UTC_US + 5 * FRAME_US, START_UTC_US + 9 * FRAME_US))
    yield Path(bundle.path / "manifest.json").read_bytes()
    town.close()


def test_place_may_be_as_long_as_its_point_lets_it() -> None:
    point = Point(number="1" * 100, address="a" * MOST_TEXT, view="v" * MOST_TEXT)
    place = PlaceEntry(
        camera="cam-1",
        from_utc_us=0,
        to_utc_us=None,
        text=describe(point),
        entered_late=False,
        lat_e7=None,
        lon_e7=None,
    )
    assert place.text.endswith("v")


def test_manifest_is_read_back_as_it_was_written(document: bytes) -> None:
    assert encode(decode(document)) == document


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("v", 2),
        ("bundle", "../elsewhere"),
        ("created_utc_us", "now"),
        ("created_utc_us", 1.5),
        ("logs", []),
        ("more", 1),
    ],
)
def test_manifest_of_another_shape_is_refused(document: bytes, key: str, value: object) -> None:
    changed = json.loads(document) | {key: value}
    with pytest.raises(ManifestInvalid):
        decode(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"null", b"{" * 5000])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ManifestInvalid):
        decode(data)


def test_other_spelling_of_the_same_manifest_is_refused(document: bytes) -> None:
    with pytest.raises(ManifestInvalid):
        decode(json.dumps(json.loads(document)).encode())


@pytest.mark.parametrize("path", ["/etc/passwd", "../key", "video/../../key", "a//b", ".hidden", "video/", "", "a\\b"])
def test_path_that_leaves_the_bundle_is_refused(document: bytes, path: str) -> None:
    changed = json.loads(document)
    changed["files"][0]["path"] = path
    with pytest.raises(ManifestInvalid):
        decode(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode())


def test_gap_that_is_open_reaches_into_every_later_time() -> None:
    gap = GapEntry(camera="cam", from_utc_us=10, to_utc_us=None, cause="silent")
    assert gap.overlaps(5, 11)
    assert gap.overlaps(100, 200)
    assert not gap.overlaps(5, 10)
    assert not GapEntry(camera="cam", from_utc_us=10, to_utc_us=20, cause="lost").overlaps(20, 30)


def test_files_and_movies_are_one_kind_of_entry(document: bytes) -> None:
    manifest: Manifest = decode(document)
    assert all(isinstance(item, FileEntry) for item in (*manifest.items, *manifest.files))
