"""Samples go into the movie byte for byte, and what players show is the interval, to the frame."""

import errno
import io
import json
import subprocess
from pathlib import Path

import av
import pytest
from typing_extensions import Buffer

from access.export.mux import MovieWriter
from access.export.plan import Part, plan_parts
from nvr.base.units import UtcUs
from nvr.sim.camera import Codec
from nvr.sim.picture import read_instant_utc_us
from storage.records import RandomAccess
from tests.access.export.gops import gops_of
from tests.access.footage import CAMERA, FRAME_US, START_UTC_US, encode, sample

CODECS = pytest.mark.parametrize("codec", ["h264", "h265"])
EDGES = [(30, 60), (31, 61), (32, 62), (33, 63), (25, 50), (26, 27), (0, 100), (49, 51)]


def write(path: Path, first: int, last: int, b_frames: int, codec: Codec = "h264") -> tuple[Part, list[bytes]]:
    sets, units = encode(100, b_frames=b_frames, codec=codec)
    interval = UtcUs(START_UTC_US + first * FRAME_US), UtcUs(START_UTC_US + last * FRAME_US)
    (part,) = plan_parts(CAMERA, gops_of(sets, units), *interval)
    begin = next(at for at, unit in enumerate(units) if unit.pts_90k == part.pts_90k[0])
    taken = units[begin : begin + len(part.pts_90k)]
    samples = [sample(unit) for unit in taken]
    with MovieWriter(path, part) as writer:
        for unit, data in zip(taken, samples, strict=True):
            writer.add(memoryview(data), RandomAccess.IDR if unit.key else RandomAccess.NONE)
        assert writer.finish() == path.stat().st_size
    return part, samples


@CODECS
@pytest.mark.parametrize("b_frames", [0, 1, 2, 3])
@pytest.mark.parametrize(("first", "last"), EDGES)
def test_players_show_the_interval_to_the_frame(
    tmp_path: Path, first: int, last: int, b_frames: int, codec: Codec
) -> None:
    write(tmp_path / "movie.mp4", first, last, b_frames, codec)
    assert shown_in(tmp_path / "movie.mp4") == [number * FRAME_US for number in range(first, last)]


def shown_in(path: Path) -> list[int]:
    """Instants that a player shows, in microseconds since the footage began."""
    with av.open(str(path)) as movie:
        pictures = [frame.to_ndarray(format="gray") for frame in movie.decode(video=0)]
    return [(read_instant_utc_us(picture) or 0) - START_UTC_US for picture in pictures]


@pytest.mark.parametrize(("first", "last"), [(20, 60), (22, 60), (23, 26), (24, 50), (46, 47), (0, 46)])
def test_open_groups_are_shown_to_the_frame(tmp_path: Path, first: int, last: int) -> None:
    sets, units = encode(100, b_frames=2, codec="h265", gop_frames=24, open_gop=True)
    interval = UtcUs(START_UTC_US + first * FRAME_US), UtcUs(START_UTC_US + last * FRAME_US)
    (part,) = plan_parts(CAMERA, gops_of(sets, units), *interval)
    begin = next(at for at, unit in enumerate(units) if unit.pts_90k == part.pts_90k[0])
    with MovieWriter(tmp_path / "movie.mp4", part) as writer:
        for unit in units[begin : begin + len(part.pts_90k)]:
            writer.add(memoryview(sample(unit)), RandomAccess.CRA if unit.key else RandomAccess.NONE)
        writer.finish()
    assert part.undecodable == []
    assert shown_in(tmp_path / "movie.mp4") == [number * FRAME_US for number in range(first, last)]


@pytest.mark.system("ffmpeg", "ffprobe")
def test_pictures_that_nothing_recorded_can_decode_are_named_and_disturb_no_player(tmp_path: Path) -> None:
    sets, units = encode(100, b_frames=2, codec="h265", gop_frames=24, open_gop=True)
    begin = next(at for at, unit in enumerate(units) if unit.pts_90k == 24 * 3600)
    interval = UtcUs(START_UTC_US), UtcUs(START_UTC_US + 40 * FRAME_US)
    (part,) = plan_parts(CAMERA, gops_of(sets, units[begin:]), *interval)
    path = tmp_path / "movie.mp4"
    with MovieWriter(path, part) as writer:
        for unit in units[begin : begin + len(part.pts_90k)]:
            writer.add(memoryview(sample(unit)), RandomAccess.CRA if unit.key else RandomAccess.NONE)
        writer.finish()
    assert sorted(part.pts_90k[at] for at in part.undecodable) == [22 * 3600, 23 * 3600]
    assert shown_in(path) == [number * FRAME_US for number in range(24, 40)]
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", str(path), "-f", "null", "-"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""


@CODECS
@pytest.mark.parametrize("b_frames", [0, 2])
def test_samples_are_stored_byte_for_byte(tmp_path: Path, b_frames: int, codec: Codec) -> None:
    part, samples = write(tmp_path / "movie.mp4", 31, 61, b_frames, codec)
    with av.open(str(tmp_path / "movie.mp4"), options={"ignore_editlist": "1"}) as movie:
        stream = movie.streams.video[0]
        assert stream.codec_context.extradata == part.codec.extradata
        assert [bytes(packet) for packet in movie.demux(stream) if packet.size] == samples


@pytest.mark.system("ffmpeg", "ffprobe")
@CODECS
@pytest.mark.parametrize("b_frames", [0, 2])
def test_ffmpeg_plays_the_movie_without_complaint(tmp_path: Path, b_frames: int, codec: Codec) -> None:
    path = tmp_path / "movie.mp4"
    write(path, 31, 61, b_frames, codec)
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", str(path), "-f", "null", "-"]
    played = subprocess.run(command, capture_output=True, text=True, check=True)
    assert played.stderr == ""
    probe = ["ffprobe", "-v", "error", "-show_streams", "-show_frames", "-of", "json", str(path)]
    told = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
    (stream,) = told["streams"]
    tag = {"h264": "avc1", "h265": "hvc1"}[codec]
    assert (stream["codec_tag_string"], stream["time_base"], stream["width"]) == (tag, "1/90000", 160)
    times = [frame["pts"] for frame in told["frames"]]
    assert times == [number * 3600 for number in range(30)]


def test_tables_stand_behind_the_samples(tmp_path: Path) -> None:
    write(tmp_path / "movie.mp4", 31, 61, 0)
    data = (tmp_path / "movie.mp4").read_bytes()
    assert data.index(b"mdat") < data.index(b"moov")
    assert data.count(b"moov") == 1


def test_movie_is_never_written_over_another(tmp_path: Path) -> None:
    write(tmp_path / "movie.mp4", 31, 61, 0)
    with pytest.raises(FileExistsError):
        write(tmp_path / "movie.mp4", 31, 61, 0)


def test_movie_with_a_sample_too_few_is_not_finished(tmp_path: Path) -> None:
    sets, units = encode(100)
    interval = UtcUs(START_UTC_US), UtcUs(START_UTC_US + FRAME_US * 2)
    (part,) = plan_parts(CAMERA, gops_of(sets, units), *interval)
    with MovieWriter(tmp_path / "movie.mp4", part) as writer:
        writer.add(memoryview(sample(units[0])), RandomAccess.IDR)
        with pytest.raises(ValueError, match="1 samples of 2"):
            writer.finish()


class FullDisk(io.FileIO):
    """A file on a disk that has room for so many bytes."""

    room = 4096

    def write(self, data: Buffer, /) -> int:
        if self.tell() + len(memoryview(data)) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data) or 0


def test_full_disk_is_told_as_the_kernel_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(path: Path, mode: str) -> io.BufferedRandom:
        return io.BufferedRandom(FullDisk(str(path), mode.replace("b", "")))

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match="No space left on device"):
        write(tmp_path / "movie.mp4", 0, 100, 0)
