"""Volumes on a screen: what the page for operators shows is what the command writes."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.model import Volume
from nvr.app.cli.answers import write_answer
from nvr.app.cli.volume_rows import volume_row
from nvr.app.volumes.devices import Disk
from nvr.app.volumes.footage import Footage
from nvr.app.volumes.known_disks import KnownDisk
from nvr.app.volumes.overview import VolumeReport
from nvr.app.volumes.seen import VolumeSeen
from nvr.app.volumes.smart import unknown
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.index.on_volume import Stretch
from storage.volume import Space
from tests.contract.source import ROOT

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> UtcUs:
    """This local time of 23 November 2026."""
    return UtcUs(int(datetime.fromisoformat(f"2026-11-23 {text}+01:00").timestamp()) * US_PER_SECOND)


REPORT = VolumeReport(
    setting=Volume(name="disk1", path=Path("/srv/scelle/disk1")),
    seen=VolumeSeen(
        volume="01a20a0dcd8b7563a0d182c50173aa06",
        why=None,
        disks=(KnownDisk(Disk("overlayblk"), unknown("smartctl: No such file or directory")),),
        disks_seen_utc_us=None,
        health_utc_us=at("21:18:25"),
        space=Space(free_bytes=56 << 30, total_bytes=251 << 30),
    ),
    recorders={
        0: {
            "state": "in-service",
            "cameras": ["camera-1", "camera-3"],
            "worst_write_us": 4_200,
            "worst_sync_us": 49_900,
            "errors": {},
        }
    },
    keeper=True,
    footage=Footage(
        (
            Stretch(
                CameraId("camera-1"),
                from_utc_us=at("21:17:16"),
                last_utc_us=at("21:17:30"),
                to_utc_us=at("21:17:40"),
                length_us=24 * US_PER_SECOND,
                segments=3,
                bytes=2_400_000,
            ),
        )
    ),
)


def test_page_for_operators_shows_a_volume_as_the_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer([volume_row(REPORT)], as_json=False, zone=PARIS)
    page = (ROOT / "docs" / "volumes.md").read_text()
    assert f"```\n{capsys.readouterr().out.rstrip()}\n```" in page
