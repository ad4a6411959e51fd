"""Several recorder processes: how cameras come to them, and what the death of one costs the others."""

from collections.abc import Mapping
from typing import Any

import psutil
import pytest

from nvr.base.ids import CameraId
from storage.continuity import WITHOUT_A_WORD
from storage.index.queries import IndexReader
from tests.acceptance.conftest import Town

pytestmark = pytest.mark.timeout(300)

ALWAYS = (0, 2**53 - 1)
OTHERS = ("cam1", "cam2", "cam3")


def recorder(town: Town, shard: int) -> psutil.Process:
    (found,) = [
        process
        for process in psutil.Process().children(recursive=True)
        if "nvr.app.roles.recorder" in (command := process.cmdline())
        and str(town.stage.config) in command
        and command[command.index("--shard") + 1] == str(shard)
    ]
    return found


def cameras(town: Town, shard: int) -> Mapping[str, Mapping[str, Any]]:
    answer = town.stage.status(town.settings.paths.recorder_socket(shard))
    return {} if answer is None else {camera["camera"]: camera for camera in answer["state"]["cameras"]}


def records(town: Town, shard: int) -> dict[str, int]:
    return {name: camera["records"] for name, camera in cameras(town, shard).items()}


def gaps(town: Town, camera: str) -> list[tuple[str, str | None]]:
    index = IndexReader.at(town.settings.paths.index)
    try:
        return [(gap.cause, gap.detail) for gap in index.gaps(CameraId(camera), *ALWAYS)]
    finally:
        index.close()


def deal_a_camera_to_a_second_shard(town: Town) -> None:
    """The setting is raised while everything runs: access alone is restarted to read it."""
    stage = town.stage
    text = stage.config.read_text()
    assert "[recorder]\n" in text
    stage.config.write_text(text.replace("[recorder]\n", "[recorder]\nshards = 2\n"))
    access = town.process("access")
    access.kill()
    access.wait()
    stage.until("access is back", lambda: stage.status(stage.settings.paths.access_socket) is not None)
    command = ["camera", "add", "cam4", "--url", town.stage.url.replace("{n}", "3")]
    stage.processes.run("admin", *stage.as_person("admin"), *command)
    stage.until("the second shard records", lambda: records(town, 1).get("cam4", 0) > 0)


def test_second_shard_begins_while_the_first_records_and_its_death_costs_the_first_nothing(town: Town) -> None:
    stage = town.stage
    first, before = recorder(town, 0), cameras(town, 0)
    deal_a_camera_to_a_second_shard(town)
    assert records(town, 0).keys() == set(OTHERS)

    victim = recorder(town, 1)
    victim.kill()
    victim.wait()
    stage.until("the second shard records again", lambda: records(town, 1).get("cam4", 0) > 0)
    assert recorder(town, 1).pid != victim.pid

    seen = records(town, 0)
    stage.until("the first goes on", lambda: all(count > seen[name] for name, count in records(town, 0).items()))
    assert recorder(town, 0).pid == first.pid
    for name, camera in cameras(town, 0).items():
        assert {key: camera[key] for key in ("lost", "dropped", "reconnects")} == {
            key: before[name][key] for key in ("lost", "dropped", "reconnects")
        }
    stage.until("the gap is told", lambda: ("stopped", WITHOUT_A_WORD) in gaps(town, "cam4"))
    for name in OTHERS:
        assert ("stopped", WITHOUT_A_WORD) not in gaps(town, name)
