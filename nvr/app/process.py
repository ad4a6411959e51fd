"""One role as a process: hardening, signals, the watchdog, and how errors become exit codes.

SIGTERM and SIGINT ask for a stop in good order; a second one ends at once. A child of `nvr run` gets the reading end
of a pipe as its standard input: when the supervisor dies the pipe closes, and that counts as SIGTERM.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

import uvloop

from access.http.texts import STATUS
from config.load import load
from config.model import Settings
from nvr.app.hardening import harden
from nvr.app.messages import REASONS, TEXTS
from nvr.app.notify import Notifier
from nvr.app.system_words import SYSTEM
from nvr.base.catalogue import LANGUAGES
from nvr.base.errors import ConfigError
from nvr.base.stop import Stop

EXIT_CONFIG: Final = 78
_STDIN: Final = 0
_log: Final = logging.getLogger(__name__)

Work: TypeAlias = Callable[[Settings, int, Stop, Callable[[], None]], Awaitable[None]]
"""A role: settings, shard, the stop to obey, and what to call once when the role does its work."""


def main(name: str, work: Work, *, holds_keys: bool) -> int:
    """Be the role until told to stop; the exit code is 0, or 78 for a configuration that can not be used.

    Any error that nobody is meant to handle ends the process with its traceback; the supervisor starts it again.
    """
    options = _parser(name).parse_args()
    harden(holds_keys=holds_keys)
    logging.basicConfig(level=logging.INFO, format=f"{name} %(levelname)s %(name)s %(message)s")
    for chatty in ("alembic", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = load(options.config, os.environ)
        load_texts()
        uvloop.run(_until_stopped(lambda stop, ready: work(settings, options.shard, stop, ready), options.supervised))
    except ConfigError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return EXIT_CONFIG
    return 0


def load_texts() -> None:
    """Read all that a role may say, before its loop begins: later the disk may be what there is to tell of.

    Raises:
        NotCompiled: the installation lacks them.
    """
    for catalogue in (TEXTS, SYSTEM, STATUS):
        catalogue.load(*LANGUAGES)
    REASONS.load("fr")


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"nvr run --role {name}")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--supervised", action="store_true")
    return parser


async def _until_stopped(
    work: Callable[[Stop, Callable[[], None]], Awaitable[None]],
    supervised: bool,  # noqa: FBT001 -- one caller, above
) -> None:
    stop = Stop()
    notifier = Notifier(os.environ)
    _listen_for_the_end(stop, notifier, supervised=supervised)
    watchdog = asyncio.create_task(_feed_watchdog(notifier))
    try:
        await work(stop, notifier.ready)
    finally:
        watchdog.cancel()


def _listen_for_the_end(stop: Stop, notifier: Notifier, *, supervised: bool) -> None:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            _end_at_once()
        notifier.stopping()
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, on_signal)
    if not supervised:
        loop.add_signal_handler(signal.SIGINT, on_signal)
        return
    # Ctrl-C reaches the whole terminal group: only the supervisor decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def on_pipe() -> None:
        if not os.read(_STDIN, 64):
            loop.remove_reader(_STDIN)
            _log.warning("the supervisor is gone")
            stop.set()

    loop.add_reader(_STDIN, on_pipe)


def _end_at_once() -> NoReturn:
    sys.stderr.flush()
    os._exit(128 + signal.SIGTERM)


async def _feed_watchdog(notifier: Notifier) -> None:
    while notifier.watchdog_s is not None:
        notifier.alive()
        await asyncio.sleep(notifier.watchdog_s / 2)
