"""`nvr demo`: try the system without a camera, a disk or a person."""

import shlex
import signal
import socket
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from nvr.app.cli.answers import write_json
from nvr.app.cli.common import JsonOption, new_app, run
from nvr.app.demo.processes import Processes
from nvr.app.demo.stage import Stage, set_up
from nvr.app.demo.story import play
from nvr.app.messages import say
from nvr.base.clock import SystemClock
from nvr.base.errors import Refused

_ADMIN: Final = Path(sys.executable).with_name("nvr-admin")
"""Beside us: who tries the demo has put none of our programs on the path of a shell."""


def demo(
    seconds: Annotated[
        int | None, typer.Option("--for", min=1, metavar="SECONDS", help="Play the whole story on so much footage.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="A new or empty folder, which stays; else under /tmp.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of the console; 0 for a free one.")] = 8080,
    *,
    as_json: JsonOption = False,
) -> None:
    """Simulated cameras feed the real daemon, with demo accounts and custodians; serves until Ctrl-C.

    With --for it plays the whole story without a person, from the requisition to the verified bundle, and prints one
    JSON object last. The folder with the bundle then stays, to be looked at and to be checked by hand.

    Example: nvr demo --for 30
    """
    # Ended from outside, it ends what it started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        home = _home(folder, stack, stays=seconds is not None)
        processes = stack.enter_context(Processes(home / "logs"))
        stage = set_up(home, processes, SystemClock(), port=port or _free_port())
        if seconds is not None:
            write_json(play(stage, seconds))
        else:
            _serve(stage, as_json=as_json)


def _home(folder: Path | None, stack: ExitStack, *, stays: bool) -> Path:
    if folder is None and stays:
        home = Path(tempfile.mkdtemp(prefix="scelle-demo-"))
    elif folder is None:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scelle-demo-")))
    else:
        home = folder.absolute()
        home.mkdir(parents=True, exist_ok=True)
        if any(home.iterdir()):
            raise Refused("file-exists", file=str(home))
    (home / "logs").mkdir()
    return home


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _serve(stage: Stage, *, as_json: bool) -> None:
    access = stage.settings.access
    facts = {
        "url": f"http://{access.host}:{access.port}",
        "config": str(stage.config),
        "accounts": ", ".join(str(path) for path in sorted((stage.folder / "passwords").iterdir())),
        "try_it": shlex.join([str(_ADMIN), *stage.as_person("admin"), "camera", "list"]),
    }
    if as_json:
        write_json(facts)
    else:
        sys.stdout.write(f"{say('demo-serves', **facts)}\n")
        sys.stdout.flush()
    # This is how it is meant to end.
    with suppress(KeyboardInterrupt):
        signal.pause()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """`nvr demo`, as a program of its own."""
    app = new_app()
    app.command()(demo)
    return run(app, "nvr demo")


if __name__ == "__main__":
    raise SystemExit(main())
