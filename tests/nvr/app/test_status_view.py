"""What the status page is given: the faults that recorders tell are alarms, which the page shows first."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from access.http.page import render_status
from access.http.view import Alarm, CopiesView
from config.load import load
from nvr.app.status_view import StatusViews
from nvr.app.volume_settings import VolumeSettings
from nvr.base.catalogue import Language
from nvr.base.clock import SimClock
from nvr.base.errors import Retryable
from nvr.base.ids import CameraId, PlacementId
from nvr.base.jcs import Json
from nvr.base.units import US_PER_DAY, UtcUs
from storage.faults import Fault, fault_json
from storage.index.on_volume import Total
from storage.keeping.copies_status import CopiesStatus
from storage.keeping.evidence_room import Stopped
from storage.snapshot import CameraEntry, CameraKind, CameraSnapshot, publish
from storage.volume import create_volume
from tests.nvr.app.fixtures import write_config


class SilentKeeper:
    async def call(self, name: str, args: object = None, *, deadline_s: float | None = None) -> object:
        raise Retryable("peer-unreachable")


class NoIndex:
    def orders(self) -> list[object]:
        return []


class Recorders:
    async def by_shard(self) -> dict[int, dict[str, Any] | None]:
        left = Fault.told("9 bytes left", "segment-left", bytes=9, why="no header")
        fault = {"id": "footage-damaged", "where": "/x.svs", "what": str(left), "why": fault_json(left)}
        return {
            0: {"state": {"cameras": []}, "volumes": [], "keyring_degraded": False, "faults": [fault]},
            1: None,
        }


async def nothing_waits() -> dict[str, Json]:
    return {"holds_waiting": []}


def test_fault_of_a_recorder_is_an_alarm_with_its_place(tmp_path: Path) -> None:
    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, ()))
    parts = cast("tuple[Any, Any, Any, Any]", (SilentKeeper(), NoIndex(), Recorders(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, SimClock()).view())
    said = {
        "fr": "/x.svs: 9 octets laissés tels quels (no header) [segment-left]",
        "en": "/x.svs: 9 bytes left as they are (no header) [segment-left]",
    }
    assert Alarm("footage-damaged", None, "/x.svs: 9 bytes left", said) in view.alarms
    assert Alarm("recorder-silent", None, "1") in view.alarms
    assert [(each.shard, each.answers) for each in view.recorders] == [(0, True), (1, False)]


@pytest.mark.parametrize(
    ("state", "in_service"),
    [("in-service", True), ("full", True), ("draining", False), ("away", False), ("erring", False)],
)
def test_volume_that_a_recorder_left_is_shown_out_of_service_though_it_can_be_read(
    tmp_path: Path, state: str, *, in_service: bool
) -> None:
    class Recording:
        async def by_shard(self) -> dict[int, dict[str, Any] | None]:
            volumes = [{"volume": volume.id, "state": state}]
            return {0: {"state": {"cameras": []}, "volumes": volumes, "keyring_degraded": False, "faults": []}}

    class Empty(NoIndex):
        def oldest_on(self, volume: str) -> None:
            return None

    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, ()))
    volume = create_volume(settings.volume[0].path, settings.system.origin, now_utc_us=UtcUs(1))
    parts = cast("tuple[Any, Any, Any, Any]", (SilentKeeper(), Empty(), Recording(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, SimClock()).view())
    assert [each.in_service for each in view.volumes] == [in_service]


def test_disk_of_copies_is_shown_as_one_and_of_a_disk_that_is_away_no_room_is_told(tmp_path: Path) -> None:
    more = f'[[volume]]\nname = "e"\npath = "{tmp_path}/e"\nevidence = true\n'
    settings = load(write_config(tmp_path, more), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, ()))
    parts = cast("tuple[Any, Any, Any, Any]", (SilentKeeper(), NoIndex(), Recorders(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, SimClock()).view())
    assert [(one.name, one.evidence, one.in_service) for one in view.volumes] == [
        ("a", False, False),
        ("e", True, False),
    ]
    assert {(one.free_bytes, one.total_bytes) for one in view.volumes} == {(None, None)}


class StoppedKeeper:
    async def call(self, name: str, args: object = None, *, deadline_s: float | None = None) -> object:
        halt = {"id": "retention-mass", "about": "hall-1", "fields": {}}
        last = {"halts": [halt]}
        told = {"checkpoint": None, "ledger_size": 3, "last_pass": last, "at_risk_utc_us": 1_790_000_000_000_000}
        lost: dict[str, Json] = {"hold": "h", "segments": 3, "cameras": "a", "from_utc_us": 1, "to_utc_us": 2}
        faults = {
            "segments-damaged": Fault.told("2 segments", "segments-damaged", count=2, held=1),
            "held-lost h": Fault.told("a, 3 segments", "held-lost", **lost),
            "keyring": Fault.of(Retryable("disk-refused", what="EIO")),
            "clock": Fault.told("ahead", "status-retention-paused"),
            "copies-waiting": Fault.told("9 once", "copies-drained"),
        }
        stopped = Stopped.DRAINED
        copies = CopiesStatus(Total(9, 90), Total(4, 40), stopped, late=False, left_bytes=None, used_up_utc_us=None)
        said = {name: fault_json(fault) for name, fault in faults.items()}
        return told | {"copies": asdict(copies), "faults": said}


def test_destruction_that_waits_for_a_person_is_an_alarm(tmp_path: Path) -> None:
    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, ()))
    parts = cast("tuple[Any, Any, Any, Any]", (StoppedKeeper(), NoIndex(), Recorders(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, SimClock()).view())
    assert Alarm("retention-mass", None, "hall-1") in view.alarms
    assert Alarm("minimum-at-risk", None, "21/09/2026") in view.alarms
    assert Alarm("segments-damaged", None, "2 (1)") in view.alarms
    assert Alarm("held-lost", None, "3") in view.alarms
    (other,) = [each for each in view.alarms if each.id == "keeper-fault"]
    assert other.values["fr"] == "keyring: Un disque du greffe a refusé : EIO. [disk-refused]"
    (copies,) = [each for each in view.alarms if each.id == "copies-waiting"]
    assert copies.values["en"] == "No copy is made: the evidence volume is drained. [copies-drained]"
    assert view.copies == CopiesView(9, 90, 4, 40, left_bytes=None, used_up_utc_us=None)
    assert (view.ledger.answers, view.ledger.size) == (True, 3)


class Gapless(NoIndex):
    async def gaps(self, *_: object) -> list[object]:
        return []


def test_camera_that_is_recorded_before_anybody_said_where_it_stands_is_an_alarm(tmp_path: Path) -> None:
    def entry(name: str, **more: Any) -> CameraEntry:  # noqa: ANN401 -- fields of an entry
        return CameraEntry(CameraId(name), "rtsp://192.0.2.1/", 0, **more)

    class Recording:
        async def by_shard(self) -> dict[int, dict[str, Any] | None]:
            states = {"back": "recording", "away": "absent", "placed": "recording", "fixed": "recording"}
            cameras = [{"camera": name, "state": state} for name, state in states.items()]
            return {0: {"state": {"cameras": cameras}, "volumes": [], "keyring_degraded": False, "faults": []}}

    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    placed = entry("placed", kind=CameraKind.NOMADIC, placement=PlacementId("p-1"))
    nomadic = [entry(name, kind=CameraKind.NOMADIC, absent=True) for name in ("back", "away")]
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, (*nomadic, placed, entry("fixed"))))
    parts = cast("tuple[Any, Any, Any, Any]", (SilentKeeper(), Gapless(), Recording(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, SimClock()).view())
    assert [alarm.value for alarm in view.alarms if alarm.id == "recorded-nowhere"] == ["back"]
    assert [camera.camera for camera in view.cameras if camera.wrong] == []


def test_camera_that_no_order_covers_is_an_alarm_apart_from_one_that_somebody_decided_on(tmp_path: Path) -> None:
    class Nobody:
        async def by_shard(self) -> dict[int, dict[str, Any] | None]:
            return {}

    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    until = UtcUs(SimClock().utc_us() + 9 * US_PER_DAY)
    decided = CameraEntry(CameraId("b"), "rtsp://192.0.2.1/", 0, uncovered_until_utc_us=until)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, (CameraEntry(CameraId("a"), "rtsp://h/", 0), decided)))
    parts = cast("tuple[Any, Any, Any, Any]", (SilentKeeper(), Gapless(), Nobody(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, SimClock()).view())
    day = datetime.fromtimestamp(until / 1_000_000, ZoneInfo(settings.system.timezone))
    assert [(each.id, each.value) for each in view.alarms if each.id.startswith("camera-")] == [
        ("camera-unauthorised", "a"),
        ("camera-decided", f"b ({day:%d/%m/%Y})"),
    ]


def test_dome_that_is_recorded_and_silent_for_long_is_an_alarm(tmp_path: Path) -> None:
    clock = SimClock()
    dome = {"state": "unknown", "cause": "timeout", "answers": 0, "failures": 9, "sealed": 0, "dropped": 0}
    long_ago, lately = UtcUs(clock.utc_us() - 600_000_000), clock.utc_us() - 599_000_000

    class Asking:
        async def by_shard(self) -> dict[int, dict[str, Any] | None]:
            states = [
                ("silent", "recording", {**dome, "since_utc_us": long_ago}),
                ("lately", "recording", {**dome, "since_utc_us": lately}),
                ("seen", "recording", {**dome, "state": "preset", "since_utc_us": long_ago}),
                ("down", "waiting", {**dome, "since_utc_us": long_ago}),
                ("fixed", "recording", None),
            ]
            cameras = [{"camera": name, "state": state, "dome": each} for name, state, each in states]
            return {0: {"state": {"cameras": cameras}, "volumes": [], "keyring_degraded": False, "faults": []}}

    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    entries = [CameraEntry(CameraId(name), "rtsp://192.0.2.1/", 0) for name in ("silent", "seen", "fixed")]
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, tuple(entries)))
    parts = cast("tuple[Any, Any, Any, Any]", (SilentKeeper(), Gapless(), Asking(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, clock).view())
    assert [alarm for alarm in view.alarms if alarm.id == "dome-silent"] == [Alarm("dome-silent", long_ago, "silent")]
    silent, seen, fixed = view.cameras
    assert silent.dome is not None
    assert (silent.dome.failures, silent.dome.cause) == (9, "timeout")
    assert (seen.dome is not None, fixed.dome) == (True, None)


def waiting(requisition: str | None, hold: str, placed_utc_us: int) -> dict[str, Json]:
    room: dict[str, Json] = {"limit_permille": 300, "before_permille": 10, "with_permille": 400}
    until_utc_us = placed_utc_us + 4 * US_PER_DAY
    told: dict[str, Json] = {"hold": hold, "requisition": requisition, "cameras": 113, "room": room}
    return told | {"placed_utc_us": placed_utc_us, "until_utc_us": until_utc_us}


@pytest.mark.parametrize(
    ("language", "waits", "ran_out"),
    [
        (
            "fr",
            "Une mise sous conservation attend un valideur (hold confirm), sinon elle cesse :",
            "Une mise sous conservation a cessé sans valideur ; hold confirm garde ce qui reste : R-2026-000002",
        ),
        (
            "en",
            "A hold waits for a validator (hold confirm), else it runs out:",
            "A hold ran out without a validator; hold confirm keeps what is left: R-2026-000002",
        ),
    ],
)
def test_hold_that_waits_for_a_validator_stands_on_the_page_until_when_and_stays_when_it_ran_out(
    tmp_path: Path, language: Language, waits: str, ran_out: str
) -> None:
    clock = SimClock(UtcUs(1_790_000_000_000_000))  # 21 September 2026, 14:13:20 UTC
    lately, long_ago = clock.utc_us() - US_PER_DAY, clock.utc_us() - 5 * US_PER_DAY

    async def status() -> dict[str, Json]:
        holds = [(None, "0199aa", lately), ("R-2026-000001", "0199bb", lately), ("R-2026-000002", "0199cc", long_ago)]
        return {"holds_waiting": [waiting(*each) for each in holds]}

    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, ()))
    parts = cast("tuple[Any, Any, Any]", (SilentKeeper(), NoIndex(), Recorders()))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, status, clock).view())
    page = render_status(view, language, ZoneInfo(settings.system.timezone))
    until = datetime(2026, 9, 24, 14, 13, tzinfo=UTC).astimezone(ZoneInfo(settings.system.timezone))
    for name in ("0199aa", "R-2026-000001"):
        assert f"{waits} {name} ({until:%d/%m/%Y %H:%M})" in page
    assert ran_out in page
    assert view.wrong


def test_register_that_does_not_answer_is_said_and_recording_is_shown_all_the_same(tmp_path: Path) -> None:
    async def away() -> dict[str, Json]:
        raise Retryable("register-unreachable")

    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, ()))
    parts = cast("tuple[Any, Any, Any]", (SilentKeeper(), NoIndex(), Recorders()))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, away, SimClock()).view())
    assert Alarm("access-silent", None) in view.alarms
    assert [each.shard for each in view.recorders] == [0, 1]


def test_keeper_of_another_version_that_tells_a_sentence_alone_does_not_take_the_page_away(tmp_path: Path) -> None:
    class Older:
        async def call(self, name: str, args: object = None, *, deadline_s: float | None = None) -> object:
            faults = {"segments-damaged": "2 segments, 1 held"}
            return {"checkpoint": None, "ledger_size": 3, "faults": faults}

    settings = load(write_config(tmp_path), {})
    settings.paths.camera_snapshot.parent.mkdir(parents=True)
    publish(settings.paths.camera_snapshot, CameraSnapshot(2, ()))
    parts = cast("tuple[Any, Any, Any, Any]", (Older(), NoIndex(), Recorders(), nothing_waits))
    view = asyncio.run(StatusViews(settings, VolumeSettings(settings), *parts, SimClock()).view())
    assert Alarm("segments-damaged", None, "2 segments, 1 held") in view.alarms
