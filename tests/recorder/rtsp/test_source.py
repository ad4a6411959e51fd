import pytest

from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp import source
from recorder.rtsp.replies import Redirected
from recorder.rtsp.source import RtspSource
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import RtspUrl, parse_url


class _Session:
    def __init__(self, failure: Exception | None) -> None:
        self.failure = failure


def _never(_: object) -> object:
    raise AssertionError


async def test_session_that_a_redirect_ended_is_followed_by_one_at_its_target_and_then_at_home_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = parse_url("rtsp://192.0.2.9/there")
    ends: list[Exception | None] = [Redirected(elsewhere), CameraUnreachable(Cause.CLOSED), Redirected(elsewhere), None]
    asked: list[tuple[str, RtspUrl | None]] = []

    async def opened(url: RtspUrl, *_: object, moved: RtspUrl | None, **__: object) -> _Session:
        asked.append((url.host, moved))
        if len(asked) == 4:
            raise CameraUnreachable(Cause.REFUSED)
        return _Session(ends.pop(0))

    monkeypatch.setattr(source, "open_session", opened)
    camera = RtspSource(CameraId("cam1"), "rtsp://192.0.2.1/", SystemClock(), Trust())
    for _ in range(3):
        await camera.open(None, _never)  # type: ignore[arg-type]
    with pytest.raises(CameraUnreachable, match="refused"):
        await camera.open(None, _never)  # type: ignore[arg-type]
    await camera.open(None, _never)  # type: ignore[arg-type]
    assert asked == [("192.0.2.1", moved) for moved in (None, elsewhere, None, elsewhere, None)]
