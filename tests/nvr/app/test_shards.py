"""Which recorders run: what the snapshot names and the setting asks for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from config.load import load
from nvr.app.shards import recorder_sockets
from nvr.base.ids import CameraId
from storage.snapshot import CameraEntry, CameraSnapshot, publish
from tests.nvr.app.fixtures import write_config

ROOT = Path(__file__).resolve().parents[3]


def publish_shards(folder: Path, *shards: int) -> None:
    entries = tuple(CameraEntry(CameraId(f"cam{at}"), "rtsp://192.0.2.1/", shard) for at, shard in enumerate(shards))
    file = folder / "state" / "snapshot" / "cameras.json"
    file.parent.mkdir(parents=True)
    publish(file, CameraSnapshot(2, entries))


@pytest.mark.parametrize(
    ("setting", "dealt", "running"),
    [
        ('"auto"', [], 1),
        ('"auto"', [0, 1, 0, 2], 3),
        ("2", [0], 2),
        ("1", [0, 2], 3),  # the number was larger once: no camera is left without a recorder
    ],
)
def test_every_camera_has_a_recorder_whatever_the_setting(
    tmp_path: Path, setting: str, dealt: list[int], running: int
) -> None:
    settings = load(write_config(tmp_path, f"[recorder]\nshards = {setting}\n"), {})
    publish_shards(tmp_path, *dealt)
    sockets = recorder_sockets(settings)
    assert sockets == {shard: settings.paths.recorder_socket(shard) for shard in range(running)}


def test_snapshot_that_can_not_be_read_leaves_those_of_the_setting(tmp_path: Path) -> None:
    settings = load(write_config(tmp_path, "[recorder]\nshards = 2\n"), {})
    assert list(recorder_sockets(settings)) == [0, 1]


def test_units_to_be_enabled_are_printed_one_a_line(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    publish_shards(tmp_path, 0, 1)
    command = [str(Path(sys.executable).parent / "nvr-admin"), "--config", str(config), "shards", "--units"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.splitlines() == ["scelle-recorder@0.service", "scelle-recorder@1.service"]
    instance = ROOT / "systemd" / "scelle-recorder@.service"
    assert "WantedBy=scelle.target" in instance.read_text()


def test_shards_are_shown_in_french_and_one_that_does_not_answer_says_so(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    publish_shards(tmp_path, 0, 1, 1)
    command = [str(Path(sys.executable).parent / "nvr-admin"), "--config", str(config), "shards"]
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [(row["shard"], row["cameras"], row["answers"]) for row in json.loads(told.stdout)] == [
        (0, 1, False),
        (1, 2, False),
    ]
    shown = subprocess.run([*command, "--lang", "fr"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert [word for word in ("enregistreur", "unité systemd", "répond", "non") if word not in shown] == []
