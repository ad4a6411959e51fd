"""Whether what a camera sends reaches the disk. Pure."""

from collections.abc import Callable
from typing import Final

from nvr.base.units import US_PER_SECOND, us_from_ticks
from recorder.gop import MAX_RECORD_90K
from recorder.timeline import SETTLE_US

GRACE_US: Final = 2 * US_PER_SECOND
GRACE_FRAMES: Final = 3


class Writing:
    """Watches how many bytes of one camera are written; `written` gives their number so far.

    Whole records are written, the longest of 2 s. So bytes are due a record after the last ones, and late when 3 frame
    intervals and 2 s more have passed without any: a full queue, a disk that hangs, no disk in service. Pictures that
    do not come are not its concern.
    """

    def __init__(self, written: Callable[[], int]) -> None:
        self._written = written
        self._seen = written()
        self._since_mono_us: int | None = None

    def pause(self) -> None:
        """Nothing is due: no pictures come."""
        self._since_mono_us = None

    def is_late(self, now_mono_us: int, step_us: int) -> bool:
        """Whether bytes are late, while pictures come every `step_us`. To be asked about twice a second."""
        written = self._written()
        if self._since_mono_us is None:
            self._since_mono_us = now_mono_us + SETTLE_US  # the first record of a run waits for its date
        if written != self._seen:
            self._seen, self._since_mono_us = written, now_mono_us
        due_us = us_from_ticks(MAX_RECORD_90K)
        return now_mono_us - self._since_mono_us > due_us + GRACE_FRAMES * step_us + GRACE_US
