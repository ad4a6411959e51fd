"""What stands beside the movie of a dome is what was sealed, and what is no observation is refused."""

import json
from pathlib import Path

import pytest

from access.export.manifest import decode
from access.export.positions import SideRecord, positions_document
from nvr.base.jcs import canonical
from storage.svs1.opening import RecordForged
from tests.access.footage import (
    CAMERA,
    FRAME_US,
    START_UTC_US,
    Town,
    codec_of,
    encode,
    observation,
    observed,
    records_of,
)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1.5]", b"[ ]", b'[{"a":1,"a":1}]', b"[" * 60_000, b"\xff"], ids=range(7)
)
def test_content_that_is_no_canonical_array_is_refused(content: bytes) -> None:
    with pytest.raises(RecordForged):
        positions_document(CAMERA, "video/a.mp4", [SideRecord("seg", 1, content)])


def test_document_holds_the_arrays_as_they_were_sealed() -> None:
    said = [observation(3, START_UTC_US)]
    document = json.loads(positions_document(CAMERA, "video/a.mp4", [SideRecord("seg", 7, canonical(said))]))
    assert document["records"] == [{"seg": "seg", "seq": 7, "observations": said}]
    assert (document["v"], document["camera"], document["movie"]) == (1, CAMERA, "video/a.mp4")


def _exported(town: Town, first: int, last: int) -> Path:
    sets, units = encode(100)
    town.seal(observed(records_of(units)), codec_of(sets))
    release = town.grant(START_UTC_US + first * FRAME_US, START_UTC_US + last * FRAME_US)
    return town.export(release).path


def test_positions_of_the_granted_seconds_and_no_others_are_in_the_bundle(town: Town) -> None:
    bundle = _exported(town, 30, 60)
    manifest = decode((bundle / "manifest.json").read_bytes())
    (item,) = manifest.items
    path = item.path.replace(".mp4", ".ptz.json")
    assert path in {file.path for file in manifest.files}
    document = json.loads((bundle / path).read_bytes())
    # Of the groups of a second each the second and the third hold frames of the interval.
    told = [(record["seq"], each["pan_mdeg"]) for record in document["records"] for each in record["observations"]]
    assert told == [(3, 1_000), (5, 2_000)]
    disclosed = "".join(path.read_text() for path in (bundle / "proofs" / "records").iterdir())
    assert canonical([observation(0, START_UTC_US)]).hex() not in disclosed
    assert canonical([observation(1, START_UTC_US + 25 * FRAME_US)]).hex() in disclosed
    assert "ptz.json" in (bundle / "LISEZMOI.txt").read_text()


def test_camera_that_is_no_dome_has_no_positions(town: Town) -> None:
    sets, units = encode(100)
    town.seal(records_of(units), codec_of(sets))
    bundle = town.export(town.grant(START_UTC_US, START_UTC_US + 50 * FRAME_US)).path
    assert [path.suffix for path in (bundle / "video").iterdir()] == [".mp4"]
