"""Motion JPEG from the seal to the check: no decoder configuration, every picture whole in itself."""

import json
import struct
import subprocess
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.export.boxes import BoxDamaged, box, boxes, only
from access.verification.bundle import verify_bundle
from access.verification.movie import parse_movie, read_tables
from nvr.sim.picture import read_instant_utc_us
from tests.access.footage import FRAME_US, START_UTC_US, Town, codec_of, encode, records_of
from tests.access.jpegs import jpeg_records, pictures
from tests.access.verification.bundles import copy_of, sign_again

FIRST, LAST = 60, 120


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of pictures 60 to 119 out of 150, whose records hold 50 each; never changed."""
    town = Town(tmp_path_factory.mktemp("jpeg"))
    records, codec = jpeg_records(150)
    assert [len(record.sizes) for record in records] == [50, 50, 50]
    town.seal(records, codec)
    bundle = town.export(town.grant(START_UTC_US + FIRST * FRAME_US, START_UTC_US + LAST * FRAME_US)).path
    town.close()
    return bundle


@pytest.fixture
def changed(made: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return copy_of(made, tmp_path / "copy")


def _video(bundle: Path) -> Path:
    (path,) = (bundle / "video").iterdir()
    return path


def test_bundle_is_whole(made: Path) -> None:
    report = verify_bundle(made)
    assert report.ok, report.findings


def test_pictures_are_handed_over_byte_for_byte_from_the_beginning_of_their_record_on(made: Path) -> None:
    with av.open(str(_video(made)), options={"ignore_editlist": "1"}) as movie:
        packets = [packet for packet in movie.demux(video=0) if packet.size]
        assert len(movie.streams) == 1
        assert movie.streams.video[0].codec_context.name == "mjpeg"
    assert [bytes(packet) for packet in packets] == list(pictures(150)[50:LAST])
    (item,) = json.loads((made / "manifest.json").read_bytes())["items"]
    assert (item["codec"], item["frames"], item["hidden_before"], item["undecodable"]) == ("mp4v.6C", 70, [[0, 9]], [])


def test_bundle_says_which_players_show_it(made: Path, good: Path) -> None:
    assert (made / "LISEZMOI.txt").read_text().count("mp4v.6C") == 2
    assert "mp4v.6C" not in (good / "LISEZMOI.txt").read_text()


def test_players_show_the_interval_to_the_frame(made: Path) -> None:
    with av.open(str(_video(made))) as movie:
        shown = [read_instant_utc_us(frame.to_ndarray(format="gray")) for frame in movie.decode(video=0)]
    assert shown == [START_UTC_US + number * FRAME_US for number in range(FIRST, LAST)]


@pytest.mark.system("ffmpeg")
def test_ffmpeg_plays_the_movie_without_complaint(made: Path) -> None:
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", str(_video(made)), "-f", "null", "-"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""


@pytest.mark.system("gstreamer")
def test_gstreamer_shows_the_interval_to_the_frame(made: Path) -> None:
    script = Path(__file__).resolve().parents[2] / "counterparts" / "gst_player.py"
    played = subprocess.run(
        ["/usr/bin/python3", str(script), str(_video(made))], capture_output=True, text=True, check=True, timeout=60
    )
    assert played.stdout.split() == [str(LAST - FIRST), "shown"]


def test_players_may_begin_at_each_record_and_at_the_first_picture_that_is_shown(made: Path) -> None:
    moov = read_tables(_video(made)).moov
    (top,) = boxes(moov, 0, len(moov))
    stss = only(moov, top, b"trak", b"mdia", b"minf", b"stbl", b"stss")
    assert struct.unpack_from(">3I", moov, stss.body + 8) == (1, 11, 51)
    assert stss.end - stss.body == 8 + 3 * 4


def _descriptor(moov: bytes) -> tuple[int, int]:
    """Where the descriptor of the track stands in the movie's tables."""
    (top,) = boxes(moov, 0, len(moov))
    stsd = only(moov, only(moov, top, b"trak"), b"mdia", b"minf", b"stbl", b"stsd")
    (entry,) = boxes(moov, stsd.body + 8, stsd.end)
    esds = moov.index(b"esds", entry.start)
    return esds + 4, esds - 4 + int.from_bytes(moov[esds - 4 : esds], "big")


@given(data=st.data())
def test_descriptor_says_jpeg_and_nothing_else_but_number_and_rates(
    made: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(_video(made).read_bytes())
    moov_at = read_tables(_video(made)).moov
    base = bytes(content).index(moov_at)
    begin, end = _descriptor(moov_at)
    at = data.draw(st.integers(begin, end - 1))
    content[base + at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("changed") / "movie.mp4"
    path.write_bytes(content)
    decoder = moov_at.index(b"\x6c\x11", begin)
    number, rates = range(begin + 9, begin + 11), range(decoder + 2, decoder + 13)
    assert _is_read(path) == (at in number or at in rates)


def _is_read(path: Path) -> bool:
    try:
        parse_movie(read_tables(path))
    except BoxDamaged:
        return False
    return True


def test_movie_that_says_another_coding_than_was_sealed_is_named(changed: Path) -> None:
    video = _video(changed)
    content = video.read_bytes()
    at = content.index(b"\x6c\x11", content.index(b"esds"))
    video.write_bytes(content[:at] + b"\x20" + content[at + 1 :])
    sign_again(changed)
    assert not verify_bundle(changed).ok


def test_manifest_that_names_another_coding_is_found(changed: Path) -> None:
    sign_again(changed, lambda manifest: manifest["items"][0].update(codec="avc1.42c00b"))
    assert "decoder-differs" in {found.id for found in verify_bundle(changed).findings}


def test_sealed_h264_can_not_be_called_jpeg(town: Town, made: Path) -> None:
    sets, units = encode(50)
    town.seal(records_of(units), codec_of(sets))
    bundle = town.export(town.grant(START_UTC_US, START_UTC_US + 40 * FRAME_US)).path
    moov, other = read_tables(_video(bundle)).moov, read_tables(_video(made)).moov
    begin, end = _descriptor(other)
    esds = box(b"esds", other[begin:end])
    content = _video(bundle).read_bytes()
    avcc = moov.index(b"avcC")
    size = int.from_bytes(moov[avcc - 4 : avcc], "big")
    forged = content.replace(b"avc1", b"mp4v").replace(moov[avcc - 4 : avcc - 4 + size], esds.ljust(size, b"\0"))
    _video(bundle).write_bytes(forged)
    sign_again(bundle)
    assert not verify_bundle(bundle).ok
