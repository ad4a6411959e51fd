"""Simulated cameras in a process of their own: `python -m nvr.sim --cameras 113 --port 8554 --fleet`.

One line `ready rtsp://127.0.0.1:PORT/cam{n}` when it listens: put 1 to N for `{n}`. It ends on SIGTERM or SIGINT,
with one line of JSON that says what was sent, whom it cut as too slow, and what the machine was too slow for.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any

from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from nvr.sim.camera import SimCamera
from nvr.sim.encoder import Encoding
from nvr.sim.fleet import RenderedLoop, render_loop
from nvr.sim.server import HOST, Simulator

_EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; the exit code is 0, 1 after a fault, or 2 for a value that no camera can have."""
    options = _parser().parse_args(arguments)
    try:
        cameras = _cameras(options)
    except InvalidValue as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_USAGE
    fleet = _fleet(cameras[0], options.loop_gops) if options.fleet else None
    return asyncio.run(_serve(cameras, options.port, fleet))


async def _serve(cameras: Sequence[SimCamera], port: int, fleet: RenderedLoop | None) -> int:
    told = asyncio.Event()
    failures: list[str] = []
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)

    def fail(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        failures.append(context["message"])
        told.set()

    loop.set_exception_handler(fail)
    async with Simulator(cameras, port=port, fleet=fleet) as simulator:
        sys.stdout.write(f"ready rtsp://{HOST}:{simulator.port}/cam{{n}}\n")
        sys.stdout.flush()
        await told.wait()
        done = _summary(simulator, cameras)
    sys.stdout.write(json.dumps(done) + "\n")
    return 1 if failures else 0


def _summary(simulator: Simulator, cameras: Sequence[SimCamera]) -> dict[str, int]:
    counters = [simulator.statistics(camera.name) for camera in cameras]
    return {
        "frames": sum(each.frames for each in counters),
        "sent_bytes": sum(each.sent_bytes for each in counters),
        "slow_clients_cut": sum(each.slow_clients_cut for each in counters),
        "frames_skipped": simulator.frames_skipped,
    }


def _fleet(camera: SimCamera, gops: int) -> RenderedLoop:
    return render_loop(Encoding.of(camera), name="fleet", gops=gops, start_utc_us=SystemClock().utc_us())


def _cameras(options: argparse.Namespace) -> list[SimCamera]:
    width, _, height = options.size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise InvalidValue(field="size", value=options.size, expected="WIDTHxHEIGHT, for example 1920x1080")
    if options.cameras < 1:
        raise InvalidValue(field="cameras", value=options.cameras, expected=">= 1")
    return [
        SimCamera(
            name=f"cam{n}",
            width=int(width),
            height=int(height),
            fps=options.fps,
            gop_frames=options.gop_frames,
            bitrate_bps=round(options.bitrate_mbit * 1_000_000),
            codec=options.codec,
            b_frames=options.b_frames,
        )
        for n in range(1, options.cameras + 1)
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nvr.sim", description="Simulated cameras, over RTSP on loopback.")
    parser.add_argument("--cameras", type=int, default=1, metavar="N", help="cam1 to camN (default: 1)")
    parser.add_argument("--port", type=int, default=0, metavar="P", help="TCP port (default: a free one)")
    parser.add_argument("--size", default="1920x1080", metavar="WxH", help="pixels (default: 1920x1080)")
    parser.add_argument("--fps", type=int, default=25, help="frames per second (default: 25)")
    parser.add_argument("--gop-frames", type=int, default=50, metavar="F", help="frames per GOP (default: 50)")
    parser.add_argument("--bitrate-mbit", type=float, default=4.0, metavar="M", help="Mbit/s each (default: 4)")
    parser.add_argument("--codec", choices=("h264", "h265"), default="h264", help="coding (default: h264)")
    parser.add_argument("--b-frames", type=int, default=0, metavar="B", help="between references (default: 0)")
    parser.add_argument("--fleet", action="store_true", help="all cameras send one loop, encoded once beforehand")
    parser.add_argument("--loop-gops", type=int, default=3, metavar="G", help="GOPs of that loop (default: 3)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
