"""The night of docs/backup.md, played for real: the server burns, the footage does not, and the town goes on."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest

from nvr.app.demo.processes import Processes, command_line
from nvr.app.demo.stage import CAMERAS, Stage, set_up
from nvr.app.demo.story import hand_over
from nvr.base.clock import SystemClock
from nvr.base.ids import CameraId
from storage.index.queries import IndexReader
from tests.acceptance.conftest import Town, short_folder

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with short_folder() as folder:
        (folder / "logs").mkdir()
        with Processes(folder / "logs") as processes:
            yield set_up(folder, processes, SystemClock(), port=0)


def admin(stage: Stage, *words: object) -> tuple[int, str]:
    command = command_line("admin", *map(str, words))
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def burn(stage: Stage) -> None:
    """Every process dies at once; state, keys and configuration are gone, the volumes are not."""
    supervisor = Town(stage).process("recorder").parent()
    assert supervisor is not None
    family = [supervisor, *supervisor.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # some die with the one that started them
            process.kill()
    psutil.wait_procs(family)
    shutil.rmtree(stage.folder / "root")
    shutil.rmtree(stage.folder / "keyring")


def known(stage: Stage, begin_us: int, end_us: int) -> bool:
    """Whether the index has footage of that time of every camera."""
    index = IndexReader.at(stage.settings.paths.index)
    try:
        return all(index.segments(CameraId(f"cam{n}"), begin_us, end_us) for n in range(1, CAMERAS + 1))
    finally:
        index.close()


def test_burnt_server_is_rebuilt_from_its_backup_and_what_is_lost_is_declared(stage: Stage) -> None:
    config = ("--config", stage.config)
    medium, identity = stage.folder / "medium", stage.folder / "safe.key"
    recipient = stage.processes.answer("admin", "backup-key", str(identity))["recipient"]
    stage.config.write_text(f'{stage.config.read_text()}\n[backup]\nrecipients = ["{recipient}"]\n')
    begin_us = stage.clock.utc_us()
    stage.wait(3)
    end_us = begin_us + 2_000_000
    made = stage.processes.answer("admin", "backup", str(medium), "--new", "--config", str(stage.config))
    assert (made["degraded"], made["removed"]) == ([], [])
    records = {name: camera["records"] for name, camera in stage.cameras().items()}
    stage.until("more footage", lambda: all(stage.cameras()[name]["records"] > old for name, old in records.items()))

    burn(stage)
    code, said = admin(stage, "restore", medium, "--identity", identity, *config, "--dry-run")
    assert code == 0, said
    assert not (stage.folder / "root" / "var").exists()
    told = stage.processes.answer(
        "admin", "restore", str(medium), "--identity", str(identity), "--config", str(stage.config), "--yes"
    )
    assert told["ledger_size"] == made["ledger_size"]
    assert told["volumes_out"] == {}
    assert told["keys"]["without_key"] == 0

    stage.processes.start("nvr-again", command_line("nvr", "run", "--config", str(stage.config)))
    stage.until("recording again", stage.are_recorded)
    stage.until("access", lambda: stage.status(stage.settings.paths.access_socket) is not None)
    broken = stage.status(stage.settings.paths.keeper_socket)["broken"]
    assert broken["size"] == made["ledger_size"]
    hold = ("hold", "place", "--camera", "cam1", "--from", "2026-01-05 10:00", "--to", "2026-01-05 10:05")
    code, said = admin(stage, *stage.as_person("officer"), *hold, "--asked-by", "OPJ Bernard")
    assert (code, "ledger continue" in said) == (1, True), said

    answer = stage.processes.answer(
        "admin", *stage.as_person("admin"), "ledger", "continue", "--reason", "incendie, sauvegarde de la nuit"
    )
    assert answer["entry"] == made["ledger_size"]
    code, said = admin(stage, *stage.as_person("officer"), *hold, "--asked-by", "OPJ Bernard")
    assert code == 0, said
    stage.until("what the ledger did not know is taken in", lambda: known(stage, begin_us, end_us))
    bundle = stage.folder / "bundle"
    hand_over(stage, ["cam1", "cam2", "cam3"], begin_us, end_us, bundle)
    assert stage.processes.answer("nvr", "verify", str(bundle))["ok"] is True
    stage.until("new footage", lambda: any(camera["records"] > 3 for camera in stage.cameras().values()))
    _, checked = admin(stage, "ledger", "verify", *config, "--json")
    report: dict[str, Any] = json.loads(checked)
    assert report["ok"], report
    (said_there,) = report["steps"][-1]["facts"]["continued"]
    assert (said_there["kept"], said_there["by"]) == (made["ledger_size"], "admin")
