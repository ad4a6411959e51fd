"""A message over one channel: the child gets it, and is killed when its time is up, whatever it started."""

import asyncio
import json
import os
import select
import sys
from pathlib import Path

import pytest

from nvr.app.watch.sending import Outcome, run_sender


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


async def test_program_is_given_the_message_as_json_and_no_shell_reads_its_arguments(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read() + sys.argv[2])"
    outcome = await run_sender((*python(program), str(out), "$(id); é"), {"body": "à « b »"}, timeout_s=30)
    assert outcome == Outcome("ok")
    assert json.loads(out.read_text().removesuffix("$(id); é")) == {"body": "à « b »"}


async def test_program_that_fails_is_told_with_its_last_line() -> None:
    outcome = await run_sender(python("import sys; print('a'); sys.exit('no modem')"), {}, timeout_s=30)
    assert outcome == Outcome("failed", "no modem")


async def test_program_that_says_nothing_is_told_with_its_exit_code() -> None:
    assert await run_sender(python("raise SystemExit(3)"), {}, timeout_s=30) == Outcome("failed", "exit code 3")


async def test_program_that_reads_nothing_may_still_succeed() -> None:
    assert await run_sender(("/bin/true",), {"body": "x" * 1_000_000}, timeout_s=30) == Outcome("ok")


@pytest.mark.parametrize("path", ["/no/such/program", "/etc/hostname"])
async def test_program_that_can_not_be_started_is_an_outcome(path: str) -> None:
    assert (await run_sender((path,), {}, timeout_s=30)).cause == "not-started"


async def test_program_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = 'sleep 600 & echo $! $$ > "$0"; wait'
    assert await run_sender(("/bin/sh", "-c", program, str(pids)), {}, timeout_s=1) == Outcome("timeout")
    found = [int(pid) for pid in pids.read_text().split()]
    assert len(found) == 2
    assert all([await asyncio.to_thread(_dies, pid) for pid in found])


def _dies(pid: int) -> bool:
    """Whether it is gone, or goes within ten seconds: a signal is delivered when the kernel gets to it."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


async def test_output_without_end_is_read_and_not_kept() -> None:
    program = "import sys\nfor _ in range(2000): print('x' * 1000)\nsys.exit('at last')"
    assert await run_sender(python(program), {}, timeout_s=30) == Outcome("failed", "at last")


async def test_only_a_sender_of_ours_can_name_a_cause() -> None:
    assert await run_sender(python("print('login refused'); raise SystemExit(1)"), {}, timeout_s=30) == Outcome(
        "failed", "login refused"
    )
    ours = "print('send: login 535'); raise SystemExit(1)"
    assert await run_sender(python(ours), {}, timeout_s=30) == Outcome("login", "535")
    strange = "print('send: nothing-known 535'); raise SystemExit(1)"
    assert (await run_sender(python(strange), {}, timeout_s=30)).cause == "failed"
