"""What was made is told as it is: the movie, its records, its gaps, its place, and what could not be read."""

from dataclasses import replace

from access.export.manifest import Manifest, decode
from access.ports import SegmentAt
from nvr.base.ids import SegmentId, uuid7
from nvr.base.units import UtcUs
from tests.access.footage import CAMERA, FRAME_US, PLACE, START_UTC_US, FakeRelease, Town, codec_of, encode, records_of


def manifest_of(town: Town, release: FakeRelease) -> Manifest:
    return decode((town.export(release).path / "manifest.json").read_bytes())


def test_movie_is_told_with_records_frames_and_what_is_hidden(town: Town) -> None:
    sets, units = encode(100, b_frames=2)
    sealed = town.seal(records_of(units), codec_of(sets))
    (item,) = manifest_of(town, town.grant(START_UTC_US + 31 * FRAME_US, START_UTC_US + 62 * FRAME_US)).items
    (segment,) = item.segments
    assert (segment.seg, segment.seal_index, segment.records) == (sealed.header.segment, sealed.seal_index, (2, 3))
    assert (item.camera, item.run, item.codec) == (CAMERA, sealed.header.run, sealed.header.codec)
    assert (item.frames, item.hidden_before, item.hidden_after) == (38, ((0, 3), (5, 6)), ((35, 35),))


def test_place_of_the_camera_is_told(town: Town) -> None:
    release = town.grant(START_UTC_US, START_UTC_US + 1, opened=False)
    (place,) = manifest_of(town, release).places
    assert (place.camera, place.text, place.lat_e7) == (CAMERA, PLACE.text, PLACE.lat_e7)


def test_segment_that_could_not_be_read_is_told(town: Town) -> None:
    segment = SegmentId(uuid7(START_UTC_US))
    release = town.grant(START_UTC_US, START_UTC_US + 1, opened=False)
    at = SegmentAt(segment, CAMERA, 0, None, START_UTC_US, UtcUs(START_UTC_US + 5), 7)
    gone = SegmentId(uuid7(UtcUs(START_UTC_US + 1_000_000)))
    unreadable = {segment: "volume-not-mounted", gone: "it does not exist any more"}
    told = manifest_of(town, replace(release, unreadable=unreadable, whereabouts={segment: at})).unreadable
    assert [(one.seg, one.why, one.camera, one.from_utc_us, one.to_utc_us) for one in told] == [
        (segment, "volume-not-mounted", CAMERA, START_UTC_US, START_UTC_US + 5),
        (gone, "it does not exist any more", None, None, None),
    ]
