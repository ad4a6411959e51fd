"""The watch as a process: it starts alone, tells over its channels, and is asked by the command line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from nvr.base.errors import InvalidValue
from nvr.base.wire import Client
from tests.nvr.app.fixtures import ServiceManager, write_config

COMMAND = """
[alarm]
language = "en"
[alarm.command]
argv = ["{python}", "-c", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + chr(10))", "{out}"]
"""
MAIL = '[alarm.mail]\nhost = "127.0.0.1"\nport = 1\nuser = "nvr"\nsender = "a@b.c"\nrecipients = ["d@e.f"]\n'


class Watched:
    """A folder with a configuration, and what the command was given."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.out = folder / "messages"
        self.config = write_config(folder, COMMAND.format(python=sys.executable, out=self.out) + more)
        self.socket = folder / "run" / "watch.sock"

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()] if self.out.exists() else []

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program, *rest = arguments
        command = [sys.executable, "-m", f"nvr.app.cli.{program}", *rest]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})

    @asynccontextmanager
    async def running(self, manager: ServiceManager) -> AsyncIterator[asyncio.subprocess.Process]:
        arguments = ("-m", "nvr.app.roles.watch", "--config", str(self.config))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        try:
            await manager.heard("READY=1")
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceManager:
    manager = ServiceManager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    return manager


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path, MAIL)


async def test_alarm_test_sends_over_each_channel_and_says_what_to_do(
    watched: Watched, manager: ServiceManager
) -> None:
    async with watched.running(manager) as process:
        config = ("admin", "--config", str(watched.config), "alarm", "test")
        both = await asyncio.to_thread(watched.cli, *config)
        assert both.returncode == 1
        assert "command: sent" in both.stdout
        assert "mail: no password or address in the secrets file (mail)\ncomplete the file" in both.stdout
        one = await asyncio.to_thread(watched.cli, *config, "--channel", "command", "--json")
        assert (one.returncode, json.loads(one.stdout)[0]["sent"]) == (0, True)
        unknown = await asyncio.to_thread(watched.cli, *config, "--channel", "sms")
        assert (unknown.returncode, "mail, command" in unknown.stderr) == (1, True)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    tests = [each for each in await asyncio.to_thread(watched.messages) if each["kind"] == "test"]
    assert [each["subject"] for each in tests] == ["[test.example] test message"] * 2
    manager.close()


async def test_status_and_list_answer_though_no_other_role_does(watched: Watched, manager: ServiceManager) -> None:
    async with watched.running(manager):
        listed = await asyncio.to_thread(watched.cli, "admin", "--config", str(watched.config), "alarm", "list")
        assert (listed.returncode, listed.stderr) == (0, "")
        assert "No alarm is open." in listed.stdout
        status = await asyncio.to_thread(watched.cli, "nvr", "status", "--config", str(watched.config), "--json")
        answers = json.loads(status.stdout)
        assert (status.returncode, answers["keeper"], answers["access"]) == (1, None, None)
        assert [each["channel"] for each in answers["watch"]["channels"]] == ["mail", "command"]
        async with Client(watched.socket) as client:
            with pytest.raises(InvalidValue):
                await client.call("test", {"channel": 7})
    silent = await asyncio.to_thread(watched.cli, "admin", "--config", str(watched.config), "alarm", "list")
    assert (silent.returncode, "[peer-unreachable]" in silent.stderr) == (1, True)
    manager.close()


async def test_killed_watch_comes_back_with_a_damaged_memory(watched: Watched, manager: ServiceManager) -> None:
    async with watched.running(manager) as process:
        process.kill()
        await process.wait()
    file = watched.folder / "state" / "watch" / "state.json"
    await asyncio.to_thread(file.parent.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(file.write_text, "{")
    async with watched.running(manager), Client(watched.socket) as client:
        assert (await client.call("status"))["alarms"] == []
    manager.close()
