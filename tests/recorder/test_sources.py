import pytest

from config.camera_url import SCHEMES
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from recorder.demux.source import DemuxSource
from recorder.rtsp.source import RtspSource
from recorder.sources import is_finite, source_of
from recorder.status import ShardSettings
from storage.snapshot import CameraEntry


def entry(url: str) -> CameraEntry:
    return CameraEntry(CameraId("cam1"), url, 0, None)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_rtsp_over_tcp_is_the_native_sources_and_the_rest_the_seconds(scheme: str) -> None:
    source = source_of(entry(f"{scheme}://h:9/x"), SystemClock(), ShardSettings())
    assert isinstance(source, RtspSource if scheme in ("rtsp", "rtsps") else DemuxSource)


@pytest.mark.parametrize("url", ["", "ftp://h/x", "rtsp://[::1/x"])
def test_what_is_no_address_is_left_to_the_native_source_to_refuse(url: str) -> None:
    assert isinstance(source_of(entry(url), SystemClock(), ShardSettings()), RtspSource)


@pytest.mark.parametrize("url", ["rtsp://h/x", "http://h/film.mp4", "v4l2:///dev/video0", "http://[::1/x"])
def test_only_a_file_comes_to_an_end_while_nothing_is_amiss(url: str) -> None:
    assert is_finite("file:///film.mp4")
    assert not is_finite(url)
