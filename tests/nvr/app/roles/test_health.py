"""The looking process as it is started: what it answers, and what it can not do any more."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.app.roles.health_parts import COMMAND, environment
from recorder.health.looks import LENGTH, NO_PICTURE, Look, Task, look_of
from tests.recorder.health.scenes import street
from tests.recorder.health.tasks import look_of_street, task

ROOT = Path(__file__).resolve().parents[4]
PROC = Path("/proc")

# Run in the looking process itself, in place of its work: what a decoder that was taken over could do.
TRY = """
import json, os, socket, subprocess, sys
from nvr.app.roles import health
def tried(what):
    try:
        what()
    except OSError as error:
        return error.errno
    except BaseException as error:
        return type(error).__name__
    return None
def attempts(tasks, answers):
    found = {
        "open": tried(lambda: open("/etc/hostname", "rb")),
        "write": tried(lambda: os.write(9, b"x")),
        "socket": tried(lambda: socket.socket()),
        "pipe": tried(os.pipe),
        "memory": tried(lambda: bytearray(4 << 30)),
    }
    answers.write(json.dumps(found).encode())
    answers.flush()
health.serve = attempts
health.main()
"""


def told() -> dict[str, str]:
    return environment() | {"PYTHONPATH": str(ROOT)}


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=told()) as started:
        yield started
        started.kill()


def ask(process: subprocess.Popen[bytes], wanted: Task) -> Look | None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(wanted.encode())
    process.stdin.flush()
    (size,) = LENGTH.unpack(process.stdout.read(LENGTH.size))
    return look_of(process.stdout.read(size), wanted)


def test_picture_goes_in_and_numbers_come_out(process: subprocess.Popen[bytes]) -> None:
    first = ask(process, task())
    assert first is not None
    assert abs(first.luma - look_of_street().luma) <= 2
    again = ask(process, task("hvc1.1.6.L93.B0", recent=[first.profile], references=[first.profile]))
    assert again is not None
    assert again.matches[0] > 950


def test_what_is_no_picture_is_said_and_the_next_one_is_looked_at(process: subprocess.Popen[bytes]) -> None:
    assert ask(process, task(unit=b"\xff" * 9000)) is None
    assert ask(process, task()) is not None
    assert NO_PICTURE[LENGTH.size :] == b"null"


def test_kernel_holds_it_to_its_limits(process: subprocess.Popen[bytes]) -> None:
    assert ask(process, task()) is not None
    of = PROC / str(process.pid)
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (of / "limits").read_text().splitlines()}
    assert limits["Max core file size"] == limits["Max file size"] == limits["Max processes"] == ["0", "0"]
    assert limits["Max open files"] == ["3", "3"]
    assert limits["Max address space"][0].isdecimal()
    status = dict(line.split(":\t", 1) for line in (of / "status").read_text().splitlines() if ":\t" in line)
    assert (status["NoNewPrivs"], status["Threads"]) == ("1", "1")
    assert (of / "oom_score_adj").read_text().strip() == "1000"


def test_decoder_that_was_taken_over_opens_nothing_and_grows_no_further() -> None:
    found = subprocess.run(
        [sys.executable, "-c", TRY], stdin=subprocess.DEVNULL, capture_output=True, env=told(), check=True
    )
    tried = json.loads(found.stdout)
    assert None not in tried.values(), tried
    assert tried["memory"] == "MemoryError"


def test_it_ends_with_the_pipe(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0


def test_it_is_told_no_path_and_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/scelle")
    monkeypatch.setenv("SCELLE_CONFIG", "/etc/scelle/scelle.toml")
    assert not {"CREDENTIALS_DIRECTORY", "SCELLE_CONFIG", "NOTIFY_SOCKET"} & environment().keys()


def test_nothing_of_a_picture_reaches_its_standard_error() -> None:
    """Where the recorder's log goes to."""
    wanted = [task(), task(unit=task().unit[:-500]), task(unit=b"\xff" * 5000), task("hvc1.1.6.L93.B0")]
    given = b"".join(each.encode() for each in wanted)
    done = subprocess.run(COMMAND, input=given, capture_output=True, env=told(), check=True)
    assert done.stderr == b""
    assert len(done.stdout) < 4 * 1500
    assert street().tobytes()[:64] not in done.stdout


def test_it_works_where_no_memory_may_become_executable() -> None:
    """`MemoryDenyWriteExecute=` of the recorder's unit holds for it, too; kernels before 6.3 take no such wish."""
    wish = f"import ctypes, os; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execv({COMMAND[0]!r}, {list(COMMAND)!r})"
    done = subprocess.run(
        [sys.executable, "-c", wish], input=task().encode(), capture_output=True, env=told(), check=True
    )
    assert look_of(done.stdout[LENGTH.size :], task()) is not None
