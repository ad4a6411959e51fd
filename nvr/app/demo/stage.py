"""The stage: a system founded in a folder, simulated cameras, the running daemon, accounts of four people."""

import asyncio
import csv
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.load import load
from config.model import Settings
from nvr.app.demo.processes import DemoFailed, Processes, command_line
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.modules import module_command
from nvr.base.units import US_PER_SECOND
from nvr.base.wire import Client

CAMERAS: Final = 3
SEGMENT_SECONDS: Final = 10
_READY_S: Final = 60
_LOOK_S: Final = 0.2

_PEOPLE: Final = {
    "officer": ("Jeanne Martin (demo)", "Police municipale", "officer"),
    "validator": ("Paul Leroy (demo)", "Direction générale", "validator"),
    "auditor": ("Sonia Petit (demo)", "Délégation à la protection des données", "auditor"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What was set up; commands of a person begin with `as_person`."""

    folder: Path
    config: Path
    settings: Settings
    processes: Processes
    clock: Clock
    url: str
    """Of the cameras, with `{n}` for the number."""

    @property
    def custodians(self) -> Path:
        """The folder of the custodians' key files."""
        return self.folder / "custodians"

    def password_file(self, account: str) -> Path:
        """Where the password of a demo account stands."""
        return self.folder / "passwords" / account

    def as_person(self, account: str) -> list[str]:
        """The options with which this person's commands begin."""
        password = str(self.password_file(account))
        return ["--config", str(self.config), "--as", account, "--password-file", password]

    def status(self, socket: Path) -> Any:  # noqa: ANN401 -- JSON, by role
        """What a role says of itself; None while it does not answer."""

        async def ask() -> Any:  # noqa: ANN401 -- as above
            async with asyncio.timeout(5), Client(socket) as client:
                return await client.call("status")

        try:
            return asyncio.run(ask())
        except (NvrError, TimeoutError):
            return None

    def until(self, what: str, condition: Callable[[], bool], seconds: float = _READY_S) -> None:
        """Wait until the condition holds. Raises DemoFailed: it took longer than `seconds`."""
        end_us = self.clock.mono_us() + seconds * US_PER_SECOND
        while not condition():
            if self.clock.mono_us() > end_us:
                raise DemoFailed(command=what, code="-", why=f"not within {seconds:.0f} s; see {self.folder}/logs")
            self.wait(_LOOK_S)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        asyncio.run(self.clock.sleep(seconds))

    def cameras(self) -> Mapping[str, Mapping[str, Any]]:
        """State and counters of each camera, as the recorder says."""
        answer = self.status(self.settings.paths.recorder_socket(0))
        return {} if answer is None else {camera["camera"]: camera for camera in answer["state"]["cameras"]}

    def are_recorded(self) -> bool:
        """Whether every camera has at least one record in storage."""
        states = self.cameras().values()
        return len(states) == CAMERAS and all(state["records"] for state in states)


def set_up(folder: Path, processes: Processes, clock: Clock, *, port: int) -> Stage:
    """Found the system, start cameras and daemon, add accounts, points and cameras; they record when this returns."""
    (folder / "passwords").mkdir(mode=0o700)
    for account in ("admin", *_PEOPLE):
        _write_password(folder / "passwords" / account)
    config = _found(folder, processes, port)
    url = _start_cameras(processes)
    stage = Stage(folder, config, load(config, {}), processes, clock, url)
    processes.start("nvr", command_line("nvr", "run", "--config", str(config)))
    stage.until("nvr run", lambda: stage.status(stage.settings.paths.access_socket) is not None)
    _people(stage)
    _places_and_cameras(stage)
    stage.until("recording", stage.are_recorded)
    return stage


def _write_password(file: Path) -> None:
    file.touch(mode=0o600)
    file.write_text(f"{secrets.token_urlsafe(18)}\n")


def _found(folder: Path, processes: Processes, port: int) -> Path:
    processes.run(
        "admin",
        "init",
        *("--root", str(folder / "root"), "--origin", "demo.scelle.example", "--preset", "standard"),
        *("--volume", f"a={folder / 'volumes' / 'a'}", "--volume", f"b={folder / 'volumes' / 'b'}"),
        *("--keyring-place", str(folder / "keyring" / "1"), "--keyring-place", str(folder / "keyring" / "2")),
        *("--envelopes", str(folder / "custodians")),
        *("--admin", "admin", "--person", "Anne Durand (demo)", "--service", "Mairie", "--designation", "demo"),
        *("--new-password-file", str(folder / "passwords" / "admin")),
        *("--segment-seconds", str(SEGMENT_SECONDS), "--port", str(port), "--yes"),
    )
    return folder / "root" / "etc" / "scelle" / "scelle.toml"


def _start_cameras(processes: Processes) -> str:
    """Start the simulator; the URL of its cameras, with `{n}` for the number."""
    simulator = processes.start("cameras", _simulator())
    if simulator.stdout is None:
        raise DemoFailed(command="nvr.sim", code="-", why="no output")
    word, _, url = simulator.stdout.readline().strip().partition(" ")
    if word != "ready":
        raise DemoFailed(command="nvr.sim", code="-", why="it did not begin; see cameras.log")
    return url


def _simulator() -> tuple[str, ...]:
    picture = ["--size", "640x360", "--fps", "25", "--gop-frames", "25", "--bitrate-mbit", "0.8"]
    return module_command("nvr.sim", "--cameras", str(CAMERAS), *picture)


def _people(stage: Stage) -> None:
    for account, (person, service, role) in _PEOPLE.items():
        stage.processes.run(
            "admin",
            *stage.as_person("admin"),
            *("account", "add", account, "--person", person, "--service", service, "--designation", "demo"),
            *("--role", role, "--new-password-file", str(stage.password_file(account))),
        )


def _places_and_cameras(stage: Stage) -> None:
    admin = stage.as_person("admin")
    run = stage.processes.run
    run(
        "admin",
        *admin,
        *["authorisation", "add", "demo-1", "--from", "2026-01-01", "--to", "2031-01-01", "--retention-days", "30"],
    )
    cameras = stage.folder / "cameras.csv"
    with cameras.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["camera", "url", "point", "number", "address"])
        for number in range(1, CAMERAS + 1):
            url = stage.url.replace("{n}", str(number))
            table.writerow([f"cam{number}", url, f"p{number}", number, f"{number} demo street"])
    run("admin", *admin, "camera", "import", str(cameras))
