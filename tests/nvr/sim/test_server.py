import asyncio
import ssl
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding as KeyEncoding
from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from nvr.base.errors import InvalidValue
from nvr.sim.camera import SimCamera
from nvr.sim.encoder import Encoding
from nvr.sim.fleet import Ticker, render_loop
from nvr.sim.picture import read_instant_utc_us
from nvr.sim.server import Simulator
from tests.nvr.sim.raw import RawClient

SMALL = SimCamera("cam1", width=320, height=180, gop_frames=25, bitrate_bps=200_000)


@dataclass(frozen=True)
class Seen:
    kinds: list[str]
    pts_90k: list[int]
    instants_utc_us: list[int | None]


def _watch(url: str, frames: int) -> Seen:
    """What FFmpeg's own RTSP client shows; it gives the very first picture no time, so that one is left out."""
    pts_90k: list[int] = []
    instants: list[int | None] = []
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=10) as container:
        kinds: list[str] = [stream.type for stream in container.streams]
        for frame in container.decode(video=0):
            if frame.pts is not None:
                pts_90k.append(frame.pts)
                instants.append(read_instant_utc_us(frame.to_ndarray(format="gray")))
            if len(pts_90k) == frames:
                break
    return Seen(kinds, pts_90k, instants)


def _with_credentials(url: str, camera: SimCamera) -> str:
    return url.replace("rtsp://", f"rtsp://{camera.user}:{camera.password}@")


@pytest.mark.parametrize(
    "camera",
    [
        SMALL,
        replace(SMALL, b_frames=2),
        replace(SMALL, aggregate=True, fps=12),
        replace(SMALL, parameter_sets_in_band=False),
        replace(SMALL, auth="basic", user="ville", password="secret"),
        replace(SMALL, auth="digest", user="ville", password="secret"),
        replace(SMALL, auth="digest", qop_auth=True, user="ville", password="secret"),
    ],
    ids=["plain", "b-frames", "stap-a", "sets in sdp only", "basic", "digest", "digest with qop"],
)
async def test_stranger_reads_the_drawn_instants_and_timestamps_follow_them(camera: SimCamera) -> None:
    async with Simulator([camera]) as sim:
        url = sim.url("cam1")
        seen = await asyncio.to_thread(_watch, _with_credentials(url, camera) if camera.user else url, 40)
    instants = [instant for instant in seen.instants_utc_us if instant is not None]
    assert len(instants) == 40
    drawn_us = [later - earlier for earlier, later in pairwise(instants)]
    shown_us = [(later - earlier) * 100 // 9 for earlier, later in pairwise(seen.pts_90k)]
    assert drawn_us == pytest.approx(shown_us, abs=12)
    assert min(drawn_us) > 0


async def test_wrong_password_opens_nothing() -> None:
    camera = replace(SMALL, auth="digest", user="ville", password="secret")
    async with Simulator([camera]) as sim:
        wrong = _with_credentials(sim.url("cam1"), replace(camera, password="wrong"))
        with pytest.raises(av.error.HTTPUnauthorizedError):
            await asyncio.to_thread(_watch, wrong, 1)
        assert "PLAY" not in [request.method for request in sim.requests("cam1")]


async def test_stranger_is_offered_sound_and_sets_it_up() -> None:
    async with Simulator([replace(SMALL, audio=True)]) as sim:
        seen = await asyncio.to_thread(_watch, sim.url("cam1"), 5)
        assert seen.kinds == ["video", "audio"]
        assert [each.path[1] for each in sim.requests("cam1") if each.method == "SETUP"] == ["trackID=0", "trackID=1"]


async def test_fleet_shows_one_loop_on_every_camera() -> None:
    encoding = Encoding(width=320, height=180, fps=25, gop_frames=10, bitrate_bps=200_000)
    began_utc_us = 1_700_000_000_000_000
    loop = render_loop(encoding, name="fleet", gops=2, start_utc_us=began_utc_us)
    rendered = {began_utc_us + 40_000 * index for index in range(20)}
    async with Simulator([replace(SMALL, name=name) for name in ("cam1", "cam2")], fleet=loop) as sim:
        for name in ("cam1", "cam2"):
            seen = await asyncio.to_thread(_watch, sim.url(name), 30)
            assert set(seen.instants_utc_us) == rendered
            assert {later - earlier for earlier, later in pairwise(seen.pts_90k)} == {3600}


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now.replace(year=2126))
        .sign(key, hashes.SHA256())
        .public_bytes(KeyEncoding.PEM)
    )
    pem = folder / "camera.pem"
    pem.write_bytes(key.private_bytes(KeyEncoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_stranger_plays_over_tls(tmp_path: Path) -> None:
    context = await asyncio.to_thread(_self_signed, tmp_path)
    async with Simulator([SMALL], tls=context) as sim:
        url = sim.url("cam1")
        assert url.startswith("rtsps://")
        seen = await asyncio.to_thread(_watch, url, 5)
    assert None not in seen.instants_utc_us


async def test_failed_fleet_is_told_at_once_and_raised_at_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(ticker: Ticker) -> None:
        raise RuntimeError("no tick")

    monkeypatch.setattr(Ticker, "run", fail)
    told: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.set_result(context["exception"]))
    encoding = Encoding(width=160, height=90, fps=25, gop_frames=2, bitrate_bps=200_000)
    sim = Simulator([SMALL], fleet=render_loop(encoding, name="fleet", gops=1, start_utc_us=0))
    await sim.start()
    assert str(await told) == "no tick"
    with pytest.raises(RuntimeError, match="no tick"):
        await sim.stop()


@pytest.mark.system("ffprobe")
async def test_ffprobe_names_codec_and_size() -> None:
    async with Simulator([SMALL]) as sim:
        command = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_entries"]
        command += ["stream=codec_name,width,height", "-of", "csv=p=0", sim.url("cam1")]
        probed = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30, check=True)
    assert probed.stdout.decode().strip() == "h264,320,180"


async def test_wait_played_ends_when_a_client_plays() -> None:
    async with Simulator([SMALL]) as sim, RawClient.to(sim.url("cam1")) as client:
        waiting = asyncio.create_task(sim.wait_played("cam1"))
        await client.ask("DESCRIBE")
        assert not waiting.done()
        await client.play()
        await waiting
        assert sim.players("cam1") == 1


async def test_second_client_begins_at_a_key_frame_of_its_own() -> None:
    async with Simulator([replace(SMALL, gop_frames=10_000)]) as sim, RawClient.to(sim.url("cam1")) as first:
        await first.play()
        for _ in range(3):
            await first.access_unit()
        async with RawClient.to(sim.url("cam1")) as second:
            await second.play()
            _, data = await second.access_unit()
            assert b"\0\0\0\1\x65" in data


async def test_stop_resets_every_connection_and_may_be_called_twice() -> None:
    sim = Simulator([SMALL])
    await sim.start()
    async with RawClient.to(sim.url("cam1")) as playing, RawClient.to(sim.url("cam1")) as idle:
        await playing.play()
        await idle.ask("OPTIONS")
        await sim.stop()
        assert await playing.at_end()
        assert await idle.at_end()
    await sim.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", sim.port)


async def test_simulator_that_never_started_can_be_stopped() -> None:
    await Simulator([SMALL]).stop()


@pytest.mark.parametrize("cameras", [[], [SMALL, SMALL]])
def test_cameras_need_names_of_their_own(cameras: list[SimCamera]) -> None:
    with pytest.raises(InvalidValue):
        Simulator(cameras)
