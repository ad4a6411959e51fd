"""`camera test` over a fleet of five makes, as simulated cameras speak: the table that the administrator reads."""

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nvr.app.cli.answers import write_answer
from nvr.app.cli.camera_check import check_lines, check_rows, has_failed
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND
from nvr.sim.camera import SimCamera
from nvr.sim.server import Simulator
from recorder.checking import Means, check_all
from recorder.onvif.reach import Reach
from recorder.rtsp.trust import Trust
from recorder.source import Source
from recorder.sources import source_of
from recorder.status import ShardSettings
from storage.snapshot import CameraEntry
from tests.recorder.loops import loop_of
from tests.texts import headings

BASE = SimCamera(name="base", bitrate_bps=400_000, user="ville", password="s3cret")
FLEET = [
    replace(BASE, name="axis", width=704, height=576, fps=12, gop_frames=12, auth="digest", digest_algorithm="SHA-256"),
    replace(
        BASE,
        name="hikvision",
        width=720,
        height=576,
        fps=15,
        gop_frames=15,
        auth="digest",
        qop_auth=True,
        audio=True,
        clock_offset_us=-42 * US_PER_SECOND,
    ),
    replace(
        BASE, name="dahua", width=640, height=360, fps=10, gop_frames=10, auth="basic", parameter_sets_in_band=False
    ),
    replace(BASE, name="hanwha", width=320, height=240, auth="digest", password="an0ther!"),
    replace(BASE, name="vivotek", width=320, height=240, fps=5, gop_frames=10, aggregate=True, sender_reports=False),
]
TABLE = """
camera  model  firmware  result  codec  size  frames per s  key s  Mbit per s  sound  clock s  decree 2007  sessions
axis  -  -  ok  H.264  704x576  12.0  1.0  0.x  no  0.0  all views  test alone
hikvision  -  -  warning  H.264  720x576  15.0  1.0  0.x  offered  -42.0  all views  test alone
dahua  -  -  warning  H.264  640x360  10.0  1.0  0.x  no  0.0  wide views  test alone
hanwha  -  -  failed  -  -  -  -  -  -  -  -  -
vivotek  -  -  failed  H.264  320x240  5.0  2.0  0.x  no  -  below  test alone
"""
WORDS = [
    "hikvision: The camera's clock is -42.0 s from the server's. Give the camera this server, or its source, for NTP.",
    "hikvision: The camera offers sound; it is never recorded. Switch its microphone off.",
    (
        "dahua: 640x360 at 10.0 frames/s: enough for wide views only; a narrow view asks for 704x576 and 12 "
        "frames/s (decree of 3 August 2007). Raise size and rate if the camera shows persons or plates from near."
    ),
    (
        "hanwha: The camera refuses the user or the password. Correct them by camera edit --user, give the "
        "account the right to see the stream, and look whether the camera has locked it."
    ),
    (
        "vivotek: 320x240 at 5.0 frames/s: below the least of the decree of 3 August 2007 (352x288 and 6 "
        "frames/s). Raise size and rate of the main stream."
    ),
    "vivotek: The camera did not tell its time; pictures are dated by the server.",
]


async def tried_out() -> list[dict[str, Any]]:
    async with AsyncExitStack() as running:
        entries = []
        for each in FLEET:
            loop = await asyncio.to_thread(loop_of, each)
            sim = await running.enter_async_context(Simulator([each], fleet=loop))
            entries.append(CameraEntry(CameraId(each.name), sim.url(each.name), 0, secret="all"))
        logins = {"all": ("ville", "s3cret")}
        clock, settings = SystemClock(), ShardSettings()
        nobody = Reach(clock, Trust(), locate_s=0.0)  # test_first_day has cameras with ONVIF

        def source(entry: CameraEntry) -> Source:
            return source_of(entry, clock, settings)

        means = Means(logins.__getitem__, lambda _: None, source, clock, connect_timeout_s=10, reach=nobody)
        return await check_all(entries, means, limit_s=6)


async def test_table_of_five_makes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    checks = await tried_out()
    write_answer(check_rows(checks), as_json=False, zone=ZoneInfo("Europe/Paris"))
    # What an encoder makes of a moving picture is no round figure.
    shown = re.sub(r"\b0\.[0-9](?=  +(no|offered))", "0.x", capsys.readouterr().out)
    assert [re.sub(r"  +", "  ", line.rstrip()) for line in shown.splitlines()] == TABLE.strip("\n").splitlines()
    assert check_lines(checks) == WORDS
    assert has_failed(checks)
    assert not has_failed(checks[:3])


def check_of(**more: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    return {
        "camera": "a",
        "result": "warning",
        "measured": None,
        "device": None,
        "decree": "unknown",
        "recorded": True,
        "recording_lost": False,
        "findings": [],
        **more,
    }


@pytest.mark.parametrize(
    ("more", "sessions"),
    [
        ({}, "recording alone"),
        ({"recording_lost": True}, "recording lost"),
        ({"recorded": False}, "-"),
    ],
)
def test_table_says_what_the_test_meant_to_the_recording(more: dict[str, Any], sessions: str) -> None:
    (row,) = check_rows([check_of(**more)])
    assert row["sessions"] == sessions


def test_what_a_stream_does_not_tell_is_left_open_and_motion_jpeg_has_its_name() -> None:
    measured = {"codec": "mp4v.6C", "width": 704, "height": 576, "fps_milli": 25_000, "key_interval_ms": 40}
    measured |= {"bitrate_bps": 8_000_000, "lost": None, "sound": None, "clock_offset_us": None}
    (row,) = check_rows([check_of(measured=measured)])
    assert (row["codec"], row["key_s"], row["sound"], row["clock_s"]) == ("MJPEG", "0.04", "-", "-")
    (row,) = check_rows([check_of(measured={**measured, "codec": "avc1.42c00c", "key_interval_ms": 400})])
    assert (row["codec"], row["key_s"]) == ("H.264", "0.4")


def test_every_column_has_a_french_heading() -> None:
    (row,) = check_rows([check_of()])
    assert row.keys() - {"Mbit_per_s"} <= headings()
