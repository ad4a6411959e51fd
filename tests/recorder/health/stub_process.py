"""A looking process that misbehaves as it is told: `python stub_process.py MODE`."""

import json
import os
import signal
import sys

from recorder.health.looks import LENGTH
from tests.recorder.health.tasks import look_of_street


def main(mode: str) -> None:
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    if mode == "deaf":
        signal.pause()
    while prefix := tasks.read(LENGTH.size):
        head = json.loads(tasks.read(LENGTH.unpack(prefix)[0]))
        tasks.read(head["size"])
        if mode == "dies":
            os.kill(os.getpid(), signal.SIGSEGV)
        if mode == "hangs":
            signal.pause()
        if mode == "floods":
            answers.write(LENGTH.pack(1 << 30) + bytes(1 << 16))
        elif mode == "lies":
            answers.write(LENGTH.pack(2) + b"{}")
        else:
            answers.write(look_of_street().encode())
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
