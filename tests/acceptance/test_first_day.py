"""The administrator's first day with cameras of five makes: found, added, tried out, by the real commands."""

import asyncio
import csv
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from nvr.app.demo.processes import command_line
from nvr.base.units import US_PER_SECOND
from nvr.sim.camera import SimCamera
from nvr.sim.onvif.camera import OnvifCamera, Profile
from nvr.sim.onvif.discovery import Answering
from nvr.sim.onvif.server import OnvifSimulator
from nvr.sim.server import Simulator
from tests.acceptance.conftest import Town, beside
from tests.contract.source import ROOT
from tests.recorder.loops import loop_of

pytestmark = pytest.mark.timeout(300)

USER, PASSWORD = "ville", "s3cret-of-cameras"
SMALL = SimCamera(
    name="-",
    width=704,
    height=576,
    fps=12,
    gop_frames=12,
    bitrate_bps=400_000,
    auth="digest",
    user=USER,
    password=PASSWORD,
)
MAIN = Profile("p1", "main", 704, 576, fps=12)
OPEN = OnvifCamera(user=USER, password=PASSWORD, profiles=(MAIN,))
NET = f"127.77.{os.getpid() % 250 + 1}"
"""A network of the loopback device: whoever else tests at the same time has another."""


@dataclass(frozen=True, slots=True)
class Make:
    """One camera; the name of its stream is the first part of the path in `nvr/app/makes.toml`."""

    host: str
    stream: SimCamera
    onvif: OnvifCamera


FLEET = {
    "axis": Make(
        f"{NET}.1",
        replace(SMALL, name="axis-media", digest_algorithm="SHA-256"),
        replace(OPEN, make="AXIS", model="P3245-LVE", firmware="11.8.61", serial="ACCC8EF0A1B2", login="digest"),
    ),
    "hikvision": Make(
        f"{NET}.2",
        replace(SMALL, name="Streaming", qop_auth=True, audio=True),
        # Its users for ONVIF are others than those of the stream.
        replace(OPEN, make="HIKVISION", model="DS-2CD2T47", login="either", user="onvif", password="another"),
    ),
    "dahua": Make(
        f"{NET}.3",
        replace(SMALL, name="cam", auth="basic", sender_reports=False),
        replace(
            OPEN,
            make="Dahua",
            model="IPC-HFW5442E",
            firmware="2.840",
            serial="7F02AA",
            clock_offset_s=-3600,
            named_host="192.168.1.108",
        ),
    ),
    "hanwha": Make(
        f"{NET}.4",
        replace(SMALL, name="profile2", clock_offset_us=-42 * US_PER_SECOND),
        replace(
            OPEN,
            make="Hanwha Vision",
            model="XNO-6123R",
            firmware="2.12.02",
            serial="ZT9Y70GX",
            clock_offset_s=-42,
            get_services=False,
            media2=False,
            profiles=(
                Profile("mj", "MJPEG", 640, 480, "JPEG"),
                Profile("lo", "MOBILE", 320, 240, uri="rtsp://{host}/profile5/media.smp"),
                replace(MAIN, name="H.264", uri=f"rtsp://{USER}:{PASSWORD}@0.0.0.0:PORT/profile2/media.smp"),
            ),
        ),
    ),
    "vivotek": Make(
        f"{NET}.5",
        replace(SMALL, name="live1s1.sdp", width=320, height=240, fps=5, gop_frames=10, aggregate=True),
        replace(OPEN, make="VIVOTEK", model="IB9365", firmware="0301c", serial="0002D1", login="none"),
    ),
}


@asynccontextmanager
async def all_of_them() -> AsyncIterator[dict[str, int]]:
    """The fleet, while the block runs; the port of RTSP of each."""
    ports = {}
    async with AsyncExitStack() as stack:
        for name, make in FLEET.items():
            loop = await asyncio.to_thread(loop_of, make.stream)
            rtsp = await stack.enter_async_context(Simulator([make.stream], host=make.host, fleet=loop))
            profiles = (replace(each, uri=each.uri.replace("PORT", str(rtsp.port))) for each in make.onvif.profiles)
            camera = replace(make.onvif, profiles=tuple(profiles))
            services = await stack.enter_async_context(OnvifSimulator(camera, host=make.host))
            xaddr = services.url.replace(make.host, camera.named_host or make.host)
            await stack.enter_async_context(Answering(camera, xaddr, host=make.host))
            ports[name] = rtsp.port
        yield ports


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    with beside(all_of_them()) as ports:
        yield ports


def admin(town: Town, *words: object, columns: int = 200) -> tuple[int, str]:
    """What `nvr-admin` says, as the administrator."""
    done = subprocess.run(
        command_line("admin", *town.stage.as_person("admin"), *map(str, words)),
        env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": str(columns)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.replace(NET, "10.0.0")


def lines(text: str) -> list[str]:
    return [re.sub(r"  +", "  ", line.rstrip()) for line in text.strip().splitlines()]


FOUND = """
address       make           model         serial        camera
10.0.0.1:P  AXIS  P3245-LVE  -  new
10.0.0.2:P  HIKVISION  DS-2CD2T47  -  new
10.0.0.3:P  Dahua  IPC-HFW5442E  -  new
10.0.0.4:P  Hanwha Vision  XNO-6123R  -  new
10.0.0.5:P  VIVOTEK  IB9365  0002D1  new
"""


def page() -> tuple[list[str], list[str]]:
    """What the documentation shows of this day: the answers of `camera discover` and of `camera test --all`."""
    text = (ROOT / "docs" / "design" / "onvif.md").read_text()
    (transcript,) = re.findall(r"^```\n(\$ .*?)^```", text, re.MULTILINE | re.DOTALL)
    _, discovered, tried = re.split(r"^\$ .*\n", transcript, flags=re.MULTILINE)
    return lines(discovered), [steady(line) for line in lines(tried)]


def steady(line: str) -> str:
    """The line without what differs from run to run: the bit rate, and a tenth of a second of the sender's clock."""
    line = re.sub(r"\b0\.[0-9](?= +(no|offered))", "0.x", line)
    line = re.sub(r"[+-]0\.1(?= +(all views|below))", "0.0", line)
    return re.sub(r"-4[12]\.[0-9](?= )", "-42.0", line)


def test_five_makes_are_found_added_and_tried_out(town: Town, ports: dict[str, int], tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    code, found = admin(town, "camera", "discover", f"{NET}.0/29", "--csv", new)
    assert code == 0, found
    *table, told = lines(re.sub(r":[0-9]{4,5}\b", ":P", found))
    assert table == lines(FOUND)
    assert told.startswith("5 cameras; 5 new ones written to")
    with new.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert rows[0]["note"] == "AXIS P3245-LVE"
    assert all(row["host"].startswith(f"{NET}.") and row["camera"] for row in rows)

    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    login = ["--user", USER, "--camera-password-file", password]
    for name, make in FLEET.items():
        where = ["--make", name, "--host", make.host, "--port", ports[name]]
        if name == "hanwha":  # this one is asked for its stream
            where = ["--host", make.host]
        code, said = admin(town, "camera", "add", name, *where, *login)
        assert code == 0, said
        if name == "hanwha":
            port = ports[name]
            assert lines(said)[-3:] == [
                f"hanwha: rtsp://10.0.0.4:{port}/profile2/media.smp, as the camera says (ONVIF).",
                "Profile H.264, 704x576 H264, 12 frames/s: the largest picture.",
                "Not taken: MJPEG 640x480 JPEG, MOBILE 320x240 H264.",
            ]
    town.stage.until(
        "recording", lambda: all(town.stage.cameras().get(name, {}).get("records") for name in FLEET), seconds=120
    )

    discovered, checked = page()
    code, tried = admin(town, "camera", "test", *FLEET, "--seconds", "6")
    shown = [steady(line) for line in lines(tried)]
    assert (code, shown[:6], sorted(shown[6:])) == (1, checked[:6], sorted(checked[6:]))

    code, found = admin(town, "camera", "discover", f"{NET}.0/29")
    assert lines(re.sub(r":[0-9]{4,5}\b", "", found)) == discovered
    logs = "".join(log.read_text() for log in (town.stage.folder / "logs").iterdir())
    assert PASSWORD not in tried + found + logs
