"""A role that does nothing but answer `status`: a real process for the tests of supervisor and process."""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from config.model import Settings
from nvr.app.process import main
from nvr.base.stop import Stop
from nvr.base.wire import Server

PR_GET_DUMPABLE = 3


async def work(settings: Settings, shard: int, stop: Stop, ready: Callable[[], None]) -> None:
    asked: list[None] = []
    asked_twice = asyncio.Event()

    async def status(args: dict[str, Any]) -> object:
        asked.append(None)
        if len(asked) > 1:
            asked_twice.set()
        umask = os.umask(0o777)
        os.umask(umask)
        return {"pid": os.getpid(), "umask": umask, "dumpable": ctypes.CDLL(None).prctl(PR_GET_DUMPABLE)}

    async def hang(args: dict[str, Any]) -> object:
        await asked_twice.wait()  # by the test and by the supervisor, which knows now that it once answered
        os.kill(os.getpid(), signal.SIGSTOP)
        return None

    async def never(args: dict[str, Any]) -> object:
        return await asyncio.get_running_loop().create_future()

    handlers = {"status": status, "hang": hang, "never": never}
    async with Server(settings.paths.recorder_socket(shard), handlers):
        ready()
        await stop.wait()
    sys.stdout.write(json.dumps({"stopped": os.getpid()}) + "\n")


if __name__ == "__main__":
    raise SystemExit(main("stub", work, holds_keys=True))
