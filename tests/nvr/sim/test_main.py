import asyncio
import json
import signal
import sys

import pytest

from nvr.sim.__main__ import main
from nvr.sim.fleet import Ticker
from tests.nvr.sim.raw import RawClient


@pytest.mark.parametrize("fleet", [[], ["--fleet"]])
async def test_process_says_ready_serves_and_ends_on_sigterm(fleet: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nvr.sim", "--cameras", "2", "--size", "160x90", "--bitrate-mbit", "0.2", *fleet),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        ready, url = (await process.stdout.readline()).decode().split()
        assert ready == "ready"
        for n in (1, 2):
            async with RawClient.to(url.format(n=n)) as client:
                await client.play()
                await client.access_unit()
    finally:
        process.send_signal(signal.SIGTERM)
    rest = await process.stdout.read()
    assert await process.wait() == 0
    done = json.loads(rest)
    assert done["frames"] >= 2
    assert done["slow_clients_cut"] == 0


@pytest.mark.parametrize("wrong", [["--size", "big"], ["--size", "161x90"], ["--cameras", "0"], ["--fps", "0"]])
def test_value_that_no_camera_has_ends_with_usage(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 2
    assert "invalid-value" in capsys.readouterr().err


def test_fault_of_the_simulator_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(ticker: Ticker) -> None:
        asyncio.get_running_loop().call_exception_handler({"message": "a fault of the program"})
        await asyncio.Event().wait()

    monkeypatch.setattr(Ticker, "run", fail)
    assert main(["--fleet", "--size", "160x90", "--gop-frames", "2"]) == 1
    assert capsys.readouterr().out.startswith("ready ")
