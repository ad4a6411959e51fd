"""The demo as somebody who has just installed it runs it: the whole story, and nothing left behind."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

NVR = Path(sys.executable).parent / "nvr"
STORY_SECONDS = 4


def processes_in(folder: Path) -> list[str]:
    """Every process that was started with a path in the folder, or a simulator of ours."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command:
            found.append(command)
    return found


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    # A shell that runs the tests in the background would have taught them, and so the demo, to ignore interrupts.
    process = subprocess.Popen(
        ["env", "--default-signal=INT", NVR, "demo", "--dir", folder, "--port", "0", *arguments],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate()


@pytest.mark.timeout(240)
def test_story_ends_with_a_verified_bundle_and_leaves_no_process(short_path: Path) -> None:
    folder = short_path / "demo"
    with demo(folder, "--for", str(STORY_SECONDS)) as process:
        output, said = process.communicate()
    assert process.returncode == 0, said
    summary = json.loads(output.splitlines()[-1])
    assert summary["verified"] is True
    assert (summary["cameras"], summary["seconds_exported"]) == (3, STORY_SECONDS)
    assert summary["requisition"].startswith("R-")
    assert summary["segments"] >= 3
    # One record a second and camera, at the least while the footage that was asked for was recorded.
    assert summary["records"] >= 3 * STORY_SECONDS
    assert summary["frames"] >= 3 * STORY_SECONDS * 25
    assert Path(summary["bundle"]).is_relative_to(folder)
    assert not processes_in(folder)
    _nothing_grows(folder)
    _whoever_changes_the_bundle_is_found_out(Path(summary["bundle"]))


def _nothing_grows(folder: Path) -> None:
    """The stop closed every segment, and the keeper took in every spool to its end."""
    assert not list((folder / "volumes").glob("*/growing/*/*.svs"))
    assert list((folder / "volumes").glob("*/segments/*/*/*.svs"))


def _whoever_changes_the_bundle_is_found_out(bundle: Path) -> None:
    movie = next(path for path in bundle.rglob("*.mp4"))
    data = bytearray(movie.read_bytes())
    data[len(data) // 2] ^= 1
    movie.write_bytes(data)
    done = subprocess.run([NVR, "verify", bundle, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False


@pytest.mark.long
@pytest.mark.timeout(240)
def test_demo_serves_until_it_is_interrupted_and_ends_what_it_started(short_path: Path) -> None:
    folder = short_path / "demo"
    with demo(folder, "--json") as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert facts["config"].startswith(str(folder))
        assert len(processes_in(folder)) >= 5  # demo, supervisor, three roles
        page = httpx.get(f"{facts['url']}/status.json").json()
        assert {camera["state"] for camera in page["cameras"]} == {"recording"}
        assert page["ledger"]["answers"]
        assert "provisional-set" in {alarm["id"] for alarm in page["alarms"]}
        assert "Police municipale" not in httpx.get(facts["url"]).text
        tried = subprocess.run(shlex.split(facts["try_it"]), capture_output=True, text=True, check=False, cwd=folder)
        assert (tried.returncode, "cam1" in tried.stdout) == (0, True)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 0
    assert not processes_in(folder)
    _nothing_grows(folder)


def test_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with demo(tmp_path) as process:
        _, said = process.communicate()
    assert process.returncode == 1
    assert "exists already" in said
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
