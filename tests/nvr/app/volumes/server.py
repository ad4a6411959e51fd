"""A server with two volumes, its configuration, an index of what lies on them, and recorders that answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from config.load import load
from config.model import Settings
from nvr.app.cli import admin_volume, admin_volume_replace
from nvr.app.volume_settings import VolumeSettings
from nvr.base.clock import SystemClock
from nvr.base.units import UtcUs
from nvr.base.wire import Server
from storage.index.writer import Index
from storage.keyring import create_place
from storage.ledger.machine import Body, Seal
from storage.ledger.people import Discard
from storage.volume import create_volume
from tests.nvr.app.fixtures import write_config
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import seal, uuid

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
ORIGIN = "test.example"
RECORDER = {"free_bytes": 1, "total_bytes": 2, "worst_write_us": 12_000, "worst_sync_us": 40_000, "reason": None}
SECOND = '[[volume]]\nname = "b"\npath = "{0}/b"\nbay = "7"\n'


class TwoVolumes:
    """`a` and `b`; what the recorder says of them follows the configuration as it does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_utc_us = SystemClock().utc_us()
        self.file = write_config(folder, SECOND.format(folder))
        self.ids = {
            name: create_volume(folder / name, ORIGIN, now_utc_us=UtcUs(self.now_utc_us + at)).id
            for at, name in enumerate(("a", "b"))
        }
        for place in ("k1", "k2"):
            create_place(folder / place)
        self.index = folder / "state" / "index" / "index.db"
        self.index.parent.mkdir(parents=True)
        self.write_index([])
        self.growing = 0
        self.acts: list[dict[str, Any]] = []
        self.states: dict[str, str] = {}
        """How volumes stand whatever the configuration says, by name."""

    @property
    def settings(self) -> Settings:
        return load(self.file, {})

    async def drained(self) -> list[bool]:
        """Which volumes the configuration says are drained, in its order."""
        settings = await asyncio.to_thread(lambda: self.settings)
        return [one.drain for one in settings.volume]

    def segment(self, number: int, volume: str, *, hours_ago: int, camera: str = "mairie-1") -> Seal:
        start = self.now_utc_us - hours_ago * HOUR_US
        changes = {"volume": self.ids[volume], "end_utc_us": start + 30 * MINUTE_US, "file_bytes": 1 << 30}
        return seal(number, camera=camera, start_utc_us=start).model_copy(update=changes)

    def write_index(self, bodies: Sequence[Body]) -> None:
        self.bodies = list(bodies)
        index = Index.anew(self.index)
        index.apply(leaves(list(bodies)))
        index.close()

    async def run(self, *words: str, typed: str = "") -> Result:
        """A command, in a thread: it asks the recorders of this loop."""
        given = [words[0], "--config", str(self.file), *words[1:]]
        return await asyncio.to_thread(lambda: CliRunner().invoke(admin_volume.app, given, input=typed))

    async def replace(self, *words: str, typed: str = "") -> Result:
        """`volume replace` by the account `admin`."""
        password = self.folder / "password"
        await asyncio.to_thread(password.write_text, "correct horse battery\n")
        who = ["--as", "admin", "--password-file", str(password), "--reason", "dead"]
        given = ["--config", str(self.file), *who, *words]
        return await asyncio.to_thread(lambda: CliRunner().invoke(admin_volume_replace.app, given, input=typed))

    @asynccontextmanager
    async def access(self) -> AsyncIterator[None]:
        """An access that takes the act, with a keeper whose index follows at once."""

        async def act(args: dict[str, Any]) -> object:
            self.acts.append(args)
            given = args["args"]
            counted = {"segments": 2, "bytes": 2 << 30, "held": 1}
            body = Discard(volume=given["volume"], disk=given.get("disk"), bay=None, **counted, reason="0" * 64)
            self.bodies = [*self.bodies, body]
            await asyncio.to_thread(self.write_index, self.bodies)
            return {"volume": given["volume"], **counted, "ledger_index": 4711, "ts_utc_us": self.now_utc_us}

        async with Server(self.folder / "run" / "access.sock", {"act": act}):
            yield

    def _status(self, listed: VolumeSettings) -> dict[str, Any]:
        rows = []
        for one in listed.last_good():
            state = self.states.get(one.name, "draining" if one.drain else "in-service")
            cameras = ["mairie-1"] if state == "in-service" else []
            row = {"path": str(one.path), "volume": self.ids.get(one.name), "state": state, "cameras": cameras}
            rows.append(row | RECORDER | {"growing": self.growing, "errors": {"write": 0, "sync": 1, "close": 0}})
        return {"state": {"cameras": []}, "volumes": rows}

    @asynccontextmanager
    async def recorder(self) -> AsyncIterator[None]:
        """A recorder that answers meanwhile."""
        listed = VolumeSettings(await asyncio.to_thread(lambda: self.settings))

        async def status(_: dict[str, Any]) -> object:
            return await asyncio.to_thread(self._status, listed)

        async with Server(self.folder / "run" / "recorder-0.sock", {"status": status}):
            yield


def hold_id(number: int) -> str:
    return uuid(0x500 + number)
