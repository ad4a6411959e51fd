import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from config.model import Health
from nvr.app.roles.faults import Faults
from nvr.app.roles.health_parts import health_watch, keep_references
from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from recorder.health.references import References
from recorder.health.states import LEARNING_LOOKS, Light, Reference, Thresholds
from storage.snapshot import CameraEntry, CameraKind

ENTRY = CameraEntry(CameraId("cam-1"), "rtsp://192.0.2.1/live", 0)
DAY = Reference(LEARNING_LOOKS, bytes(500), 25_600, 38_400)


def test_defaults_of_the_configuration_are_those_that_were_measured() -> None:
    told, measured = Health(), Thresholds()
    assert all(getattr(told, name) == getattr(measured, name) for name in Thresholds.__dataclass_fields__)
    assert told.interval_seconds == 60


def test_turned_off_nobody_looks_and_the_references_stay(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"{}")
    assert health_watch(Health(enabled=False), References(file), SimClock(), Faults()) is None
    assert file.read_bytes() == b"{}"


@pytest.mark.parametrize("entry", [replace(ENTRY, kind=CameraKind.DOME), replace(ENTRY, ptz="{}")])
def test_camera_that_turns_is_compared_with_nothing(tmp_path: Path, entry: CameraEntry) -> None:
    watch = health_watch(Health(), References(tmp_path / "f"), SimClock(), Faults())
    assert watch is not None
    watch.watch(ENTRY)
    watch.watch(entry)
    (camera,) = watch._cameras.values()
    assert not camera.watched._aimed
    watch.watch(ENTRY)
    (camera,) = watch._cameras.values()
    assert camera.watched._aimed


async def test_references_are_written_at_the_end(tmp_path: Path) -> None:
    references, clock = References(tmp_path / "shard" / "f"), SimClock()
    references.keep(ENTRY, {Light.DAY: DAY})
    keeping = asyncio.create_task(keep_references(references, clock, Faults()))
    await asyncio.sleep(0)
    references.keep(ENTRY, {Light.DAY: replace(DAY, detail_64=1)})
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    again = References(references.file)
    await asyncio.to_thread(again.load)
    assert again.of(ENTRY)[Light.DAY].detail_64 == 1


async def test_disk_that_refuses_is_told_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "shard").write_bytes(b"a file where a folder should be")
    references, faults = References(tmp_path / "shard" / "f"), Faults()
    keeping = asyncio.create_task(keep_references(references, SimClock(), faults))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert [fault["id"] for fault in faults.shown()] == ["state-not-written"]
