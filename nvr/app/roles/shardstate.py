"""What one shard remembers from start to start: the clock epoch, which no earlier process may have used.

An epoch is above the last one noted and not below the seconds since 2020: when the disk of the state refuses, the
clock still gives one that no process before had (docs/design/time.md "The server's clock").
"""

import json
from pathlib import Path
from typing import Final

from nvr.app.roles.faults import Faults
from nvr.base.jcs import canonical
from nvr.base.units import US_PER_SECOND
from storage.durable import make_directory, replace_file

NOT_WRITTEN: Final = "state-not-written"
NOT_READ: Final = "state-not-read"

_VERSION: Final = 1
_BEGINNING_S: Final = 1_577_836_800
"""2020-01-01 UTC."""
_MOST_BY_CLOCK: Final = 2**31
"""The field of a record's head is 32 bits wide: a clock that runs in another century must not use it up."""


class ShardState:
    """The file of one shard. What its disk refuses is told among the faults, and does not end recording."""

    def __init__(self, file: Path, faults: Faults) -> None:
        self._file = file
        self._faults = faults

    def next_epoch(self, now_utc_us: int) -> int:
        """An epoch above all that this shard used, noted before it is used if the disk lets it."""
        by_clock = min(now_utc_us // US_PER_SECOND - _BEGINNING_S, _MOST_BY_CLOCK)
        epoch = max(self._last_epoch() + 1, by_clock)
        self.note_epoch(epoch, now_utc_us)
        return epoch

    def note_epoch(self, epoch: int, now_utc_us: int) -> None:
        """Keep the epoch in force, and when it was."""
        content = canonical({"v": _VERSION, "clock_epoch": epoch, "utc_us": now_utc_us})
        try:
            make_directory(self._file.parent)
            replace_file(self._file, content)
        except OSError as error:
            self._faults.tell(NOT_WRITTEN, self._file, error)
        else:
            self._faults.over(NOT_WRITTEN, self._file)

    def _last_epoch(self) -> int:
        try:
            return int(json.loads(self._file.read_bytes())["clock_epoch"])
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._faults.tell(NOT_READ, self._file, repr(error))
            return 0
