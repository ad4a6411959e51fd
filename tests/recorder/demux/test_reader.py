import asyncio
import errno
import socket
import threading
from dataclasses import replace
from pathlib import Path

import av
import av.error
import pytest

from nvr.base.clock import SystemClock
from recorder.demux import reader as reader_module
from recorder.demux.opening import Opening, opening_of
from recorder.demux.reader import Arrived, Described, Reader
from recorder.errors import CameraUnreachable, Cause
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust
from tests.recorder.films import film

LOGIN = Credentials("ville", "gr4ssh0pper")


class _Run:
    """A reader whose thread is watched from the outside."""

    def __init__(self, opening: Opening, *, open_timeout_s: float = 5.0) -> None:
        self.woken = threading.Condition()
        self.reader = Reader(opening, SystemClock(), self._wake, open_timeout_s=open_timeout_s)

    def _wake(self) -> None:
        with self.woken:
            self.woken.notify_all()

    def to_the_end(self) -> tuple[list[Described | Arrived], Exception | None]:
        self.reader.start()
        with self.woken:
            assert self.woken.wait_for(lambda: self.reader.over, 30)
        items = []
        while (item := self.reader.queue.take(0)) is not None:
            items.append(item)
        return items, self.reader.outcome


def _unpaced(path: Path) -> Opening:
    opening = opening_of(path.as_uri(), None, Trust())
    return replace(opening, paced=False)


def _cause(opening: Opening, *, open_timeout_s: float = 5.0) -> Cause:
    items, outcome = _Run(opening, open_timeout_s=open_timeout_s).to_the_end()
    assert not items
    assert isinstance(outcome, CameraUnreachable)
    assert outcome.__cause__ is None
    assert outcome.__suppress_context__ or outcome.__context__ is None
    assert "gr4ssh0pper" not in str(outcome)
    return outcome.cause


@pytest.mark.parametrize("container", ["mpegts", "mp4", "matroska"])
def test_every_picture_of_a_film_is_handed_over_and_its_sound_is_not(container: str, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(film(container, frames=40, sound=True, b_frames=2))
    items, outcome = _Run(_unpaced(path)).to_the_end()
    assert isinstance(outcome, CameraUnreachable)
    assert outcome.cause is Cause.CLOSED
    described, *units = items
    assert isinstance(described, Described)
    assert described.codec == "h264"
    assert len(units) == 40
    times = sorted(unit.timestamp for unit in units if isinstance(unit, Arrived))
    assert times == [times[0] + number * 3600 for number in range(40)]


@pytest.mark.parametrize("container", ["mpegts", "mp4", "matroska", "avi", "flv"])
def test_sound_beside_the_pictures_is_told(container: str, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(film(container, frames=40, sound=True))
    described, *_ = _Run(_unpaced(path)).to_the_end()[0]
    assert isinstance(described, Described)
    assert described.sound is True


@pytest.mark.parametrize(
    ("container", "sound"), [("mpegts", False), ("mp4", False), ("matroska", False), ("flv", None), ("h264", None)]
)
def test_no_sound_is_told_only_where_the_container_lists_what_comes(
    container: str, sound: bool | None, tmp_path: Path
) -> None:
    path = tmp_path / "film"
    path.write_bytes(film(container, frames=40))
    described, *_ = _Run(_unpaced(path)).to_the_end()[0]
    assert isinstance(described, Described)
    assert described.sound is sound


def test_film_without_pictures_is_named_so(tmp_path: Path) -> None:
    import_free = tmp_path / "noise.ts"
    import_free.write_bytes(b"\x47\x1f\xff\x10" * 50_000)
    assert _cause(_unpaced(import_free)) in (Cause.NO_VIDEO, Cause.GARBAGE)


def test_bytes_that_are_no_film_are_garbage(tmp_path: Path) -> None:
    path = tmp_path / "noise"
    path.write_bytes(b"no film at all" * 1000)
    assert _cause(_unpaced(path)) is Cause.GARBAGE


def test_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    assert _cause(_unpaced(tmp_path / "none.mp4")) is Cause.NOT_FOUND


def test_playlist_can_not_make_the_reader_open_another_address(tmp_path: Path) -> None:
    (tmp_path / "film.ts").write_bytes(film("mpegts"))
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfilm.ts\n#EXT-X-ENDLIST\n")
    assert _cause(_unpaced(path)) is Cause.GARBAGE


def test_device_that_somebody_else_reads_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        av.error.err_check(-errno.EBUSY)

    monkeypatch.setattr(av, "open", busy)
    assert _cause(opening_of("v4l2:///dev/video0", None, Trust())) is Cause.IN_USE


def test_host_that_refuses_is_told_without_the_login() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert _cause(opening_of(f"http://127.0.0.1:{port}/x", LOGIN, Trust())) is Cause.REFUSED


def test_host_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        assert _cause(opening_of(url, LOGIN, Trust()), open_timeout_s=0.3) is Cause.TIMEOUT


def test_full_queue_gives_up_pictures_and_says_so_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "QUEUE_BYTES", 8_000)
    path = tmp_path / "film.ts"
    path.write_bytes(film("mpegts", frames=200))
    run = _Run(_unpaced(path))
    items, _ = run.to_the_end()
    units = [item for item in items if isinstance(item, Arrived)]
    assert 0 < len(units) < 200
    assert run.reader.queue.statistics().peak_bytes <= 8_000
    assert not any(unit.missed for unit in units)
    assert run.reader._missed


async def test_paced_film_ends_at_once_when_stopped(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    await asyncio.to_thread(path.write_bytes, await asyncio.to_thread(film, "mp4", frames=500))
    run = _Run(opening_of(path.as_uri(), None, Trust()))
    run.reader.start()
    first = await asyncio.to_thread(run.reader.queue.take, 10)
    assert isinstance(first, Described)
    run.reader.stop()
    await asyncio.to_thread(run.reader._thread.join, 10)
    assert run.reader.over
    assert run.reader.outcome is None


def test_every_error_that_has_a_cause_is_one_that_pyav_raises() -> None:
    assert all(issubclass(getattr(av.error, name), av.error.FFmpegError) for name in reader_module._CAUSES)
