"""A movie that shows more, less or at another time than was granted and sealed is found out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access.export.boxes import boxes
from access.export.editlist import edits_from, with_edits
from access.export.timing import Edit
from access.verification.bundle import verify_bundle
from tests.access.footage import FRAME_US, START_UTC_US, Town, codec_of, encode, records_of
from tests.access.verification.bundles import sign_again


def found_in(bundle: Path) -> set[str]:
    return {one.id for one in verify_bundle(bundle).findings if one.file.startswith("video/")}


def edit(bundle: Path, change: Callable[[list[Edit]], list[Edit]]) -> None:
    """Change the movie's edit list."""
    (path,) = (bundle / "video").iterdir()
    data = path.read_bytes()
    *_, moov = boxes(data, 0, len(data))
    tables = data[moov.start :]
    path.write_bytes(data[: moov.start] + with_edits(tables, change(edits_from(tables))))
    sign_again(bundle)


def test_edit_that_shows_a_frame_too_many_is_named(bundle: Path) -> None:
    edit(bundle, lambda edits: [Edit(edits[0].media_time_90k - 3600, edits[0].duration_90k + 3600)])
    assert found_in(bundle) == {"shown-outside"}


def test_edit_that_shows_frames_after_the_interval_is_named(bundle: Path) -> None:
    edit(bundle, lambda edits: [Edit(edits[0].media_time_90k, edits[0].duration_90k + 1)])
    assert found_in(bundle) == {"shown-outside"}


def test_edit_that_hides_a_frame_of_the_interval_is_named(bundle: Path) -> None:
    edit(bundle, lambda edits: [Edit(edits[0].media_time_90k + 1, edits[0].duration_90k)])
    assert found_in(bundle) == {"hidden"}


def test_movie_without_edits_is_named(bundle: Path) -> None:
    edit(bundle, lambda edits: [])
    assert found_in(bundle) == {"hidden"}


def test_frame_at_another_time_than_sealed_is_named(bundle: Path) -> None:
    (path,) = (bundle / "video").iterdir()
    data = bytearray(path.read_bytes())
    data[data.index(b"ctts") + 12 + 7] ^= 1
    path.write_bytes(data)
    sign_again(bundle)
    assert "times-differ" in found_in(bundle)


MANIFEST = {
    "before": ({"hidden_before": []}, "hidden-list-differs"),
    "after": ({"hidden_after": [[0, 0]]}, "hidden-list-differs"),
    "from": ({"from_utc_us": 1}, "item-times-differ"),
    "to": ({"to_utc_us": 2**52}, "item-times-differ"),
    "frames": ({"frames": 7}, "samples-differ"),
}


@pytest.mark.parametrize(("change", "told"), MANIFEST.values(), ids=MANIFEST)
def test_movie_told_otherwise_than_it_is_is_named(bundle: Path, change: dict[str, Any], told: str) -> None:
    sign_again(bundle, lambda manifest: manifest["items"][0].update(change))
    assert told in found_in(bundle)


def test_bundle_that_begins_with_an_open_group_is_whole_and_says_what_does_not_decode(town: Town) -> None:
    sets, units = encode(100, b_frames=2, codec="h265", gop_frames=24, open_gop=True)
    begin = next(at for at, unit in enumerate(units) if unit.pts_90k == 24 * 3600)
    town.seal(records_of(units[begin:]), codec_of(sets))
    bundle = town.export(town.grant(START_UTC_US + 20 * FRAME_US, START_UTC_US + 60 * FRAME_US)).path
    assert verify_bundle(bundle).findings == ()
    (item,) = json.loads((bundle / "manifest.json").read_bytes())["items"]
    assert (item["codec"], item["undecodable"]) == ("hvc1.1.6.L60.90", [[1, 2]])
    assert item["from_utc_us"] == START_UTC_US + 24 * FRAME_US
    sign_again(bundle, lambda manifest: manifest["items"][0].update(undecodable=[[1, 3]]))
    assert found_in(bundle) == {"shown-outside", "undecodable-list-differs"}


def test_frames_that_decode_can_not_be_called_undecodable(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["items"][0].update(undecodable=[[6, 6]]))
    assert "undecodable-list-differs" in found_in(bundle)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_bundle_of_h265_is_whole(town: Town, b_frames: int) -> None:
    sets, units = encode(100, b_frames=b_frames, codec="h265")
    town.seal(records_of(units), codec_of(sets))
    bundle = town.export(town.grant(START_UTC_US + 31 * FRAME_US, START_UTC_US + 62 * FRAME_US)).path
    assert verify_bundle(bundle).findings == ()


def test_samples_after_the_last_of_the_interval_are_named(bundle: Path) -> None:
    sign_again(bundle, lambda manifest: manifest["grant"].update(to_utc_us=manifest["grant"]["to_utc_us"] - 400_000))
    assert "needless-samples" in found_in(bundle)
