"""A real recorder process for the crash tests: it says what it was told, and stops in the middle of a write.

`python -m tests.storage.crashing_recorder DIRECTORY RECORDS` acknowledges RECORDS records, one line each, tears the
next one, says `torn`, and waits to be killed.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch

from tests.storage.sealed import Recorder, footage, gop, segment_start

WriteV: TypeAlias = Callable[[int, Sequence[memoryview]], int]


def main(directory: str, records: str) -> None:
    wanted = int(records)
    recorder = Recorder(Path(directory))
    told = recorder.told
    told.on_record = lambda: _say(f"{told.records[-1].count} {told.records[-1].root_so_far.hex()}")
    start = segment_start()
    with patch.object(os, "writev", _tearing(os.writev, after=1 + wanted)):  # header and init record are the first
        recorder.writer.start()
        recorder.writer.open_segment(start)
        for number, packets in enumerate(footage(5, gops=wanted + 1, packets=3, size=30_000)):
            recorder.writer.append(start.segment, gop(number, packets))
        recorder.writer.stop(drain=True)


def _tearing(real: WriteV, *, after: int) -> WriteV:
    writes = 0

    def call(fd: int, parts: Sequence[memoryview]) -> int:
        nonlocal writes
        # Only the sealed file counts: identities and the keyring are written at once and whole.
        if not Path(f"/proc/self/fd/{fd}").readlink().name.endswith(".svs"):
            return real(fd, parts)
        writes += 1
        if writes <= after:
            return real(fd, parts)
        data = b"".join(parts)
        os.write(fd, data[: len(data) // 2])
        _say("torn")
        os.read(0, 1)  # until the kill
        raise AssertionError("was not killed")

    return call


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
