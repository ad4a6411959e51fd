import json
from pathlib import Path

import pytest

from nvr.base.errors import ConfigError
from nvr.base.ids import CameraId, PointId
from nvr.base.units import UtcUs
from storage.snapshot import CameraEntry, CameraKind, CameraSnapshot, load, publish

SNAPSHOT = CameraSnapshot(
    ledger_size=12,
    cameras=(
        CameraEntry(camera=CameraId("cam1"), url="rtsp://192.0.2.1/1", shard=0, secret="cam1", point=PointId("p1")),
        CameraEntry(camera=CameraId("cam2"), url="rtsp://192.0.2.2/1", shard=1, kind=CameraKind.NOMADIC, absent=True),
        CameraEntry(CameraId("cam3"), "rtsp://192.0.2.3/1", 0, uncovered_until_utc_us=UtcUs(1_790_000_000_000_000)),
    ),
)


def test_published_snapshot_reads_back_the_same(tmp_path: Path) -> None:
    publish(tmp_path / "cameras.json", SNAPSHOT)
    assert load(tmp_path / "cameras.json") == SNAPSHOT


def test_snapshot_from_before_there_were_kinds_serves_until_the_next_one(tmp_path: Path) -> None:
    publish(tmp_path / "cameras.json", SNAPSHOT)
    body = json.loads((tmp_path / "cameras.json").read_bytes())
    for entry in body["cameras"]:
        del entry["kind"], entry["absent"], entry["uncovered_until_utc_us"]
    (tmp_path / "cameras.json").write_text(json.dumps(body))
    assert {(entry.kind, entry.absent) for entry in load(tmp_path / "cameras.json").cameras} == {
        (CameraKind.FIXED, False)
    }


def test_shard_sees_its_own_cameras_only() -> None:
    assert [entry.camera for entry in SNAPSHOT.of_shard(1)] == ["cam2"]


def test_absent_snapshot_says_that_the_keeper_has_not_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keeper has not run"):
        load(tmp_path / "cameras.json")


def test_snapshot_of_a_later_version_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "cameras.json").write_text(json.dumps({"v": 2}))
    with pytest.raises(ConfigError, match="version 2"):
        load(tmp_path / "cameras.json")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"v":1}', b'{"v":1,"ledger_size":0,"cameras":[{}]}', b"\xff"])
def test_damaged_snapshot_is_a_configuration_error_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cameras.json").write_bytes(content)
    with pytest.raises(ConfigError, match="not a camera snapshot"):
        load(tmp_path / "cameras.json")
