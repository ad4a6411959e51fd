"""Media time and wall time of one run (docs/design/time.md). Pure; integers only.

Media time: the camera's 32-bit RTP time stamps, unwrapped to ticks since the run began.
Wall time: media time plus an offset. The offset follows the least delay between a picture's media time and its arrival,
over a sliding window: delay on the way only ever adds, so the least delay seen is the nearest to the truth.
"""

from collections import deque
from typing import Final

from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, UtcUs, us_from_ticks
from recorder.errors import TimelineBroken

MAX_FORWARD_90K: Final = 60 * TICKS_PER_SECOND
"""A longer step between two pictures is a jump: no camera with a minute between pictures is worth recording."""
MAX_BACK_90K: Final = TICKS_PER_SECOND
"""Reordering (B-frames) steps back: cameras use up to 3 in a row, at 8 frames a second and more."""
MAX_AHEAD_US: Final = US_PER_SECOND
"""A picture that is this much younger than its arrival allows comes from a clock that jumped."""
WINDOW_US: Final = 60 * US_PER_SECOND
"""Long enough to meet an undelayed picture on a busy network; a crystal drifts 6 ms in it at 100 ppm."""
SETTLE_US: Final = 2 * US_PER_SECOND
"""How long the delay is watched before the first record is dated: cameras begin with a burst of older pictures."""
MAX_SLEW_PPM: Final = 500
"""The rate at which a wall clock may be corrected without a step; that of adjtime(3) and ntpd."""
MAX_ERROR_US: Final = US_PER_SECOND
"""With a larger error slewing takes over half an hour: a new run is dated afresh instead."""

_HALF: Final = 1 << 31
_MASK: Final = (1 << 32) - 1


class MediaTime:
    """Unwraps time stamps. `place` says where one lies; `advance` judges it and moves on."""

    def __init__(self, first_timestamp: int) -> None:
        self._timestamp = first_timestamp
        self._pts_90k = 0

    def place(self, timestamp: int) -> int:
        """Ticks since the run began of the instant nearest to the last picture that has this time stamp."""
        return self._pts_90k + ((timestamp - self._timestamp + _HALF) & _MASK) - _HALF

    def advance(self, timestamp: int) -> int:
        """The next picture's presentation time.

        Raises:
            TimelineBroken: reason `jump`: a step beyond MAX_FORWARD_90K or MAX_BACK_90K.
        """
        step = ((timestamp - self._timestamp + _HALF) & _MASK) - _HALF
        if not -MAX_BACK_90K <= step <= MAX_FORWARD_90K:
            raise TimelineBroken("jump", step_90k=step)
        self._timestamp = timestamp
        self._pts_90k += step
        return self._pts_90k


class DelayEnvelope:
    """The least of the delays seen during the last `window_us`: arrival (monotonic) less media time."""

    def __init__(self, window_us: int = WINDOW_US) -> None:
        self._window_us = window_us
        # Delays that grow from the oldest to the newest: one that a later one undercuts can never be the least again.
        self._buckets: deque[tuple[int, int]] = deque()
        self._current_us: int | None = None

    def observe(self, delay_us: int) -> None:
        """Note one delay; called per read, so it only compares."""
        if self._current_us is None or delay_us < self._current_us:
            self._current_us = delay_us

    def least_us(self, now_mono_us: int) -> int | None:
        """The least delay of the window; None before the first was observed. Call about once a second."""
        buckets = self._buckets
        if self._current_us is not None:
            while buckets and buckets[-1][1] >= self._current_us:
                buckets.pop()
            buckets.append((now_mono_us, self._current_us))
            self._current_us = None
        while len(buckets) > 1 and buckets[0][0] < now_mono_us - self._window_us:
            buckets.popleft()
        return buckets[0][1] if buckets else None


class WallTime:
    """UTC of media time. `steer` once per record, in the order of their beginnings; then `utc_us`.

    Between two records the wall time moves by the media time between them, give or take MAX_SLEW_PPM of it: of the
    server's seconds, not of the camera's, so that the slowest crystal can still be followed.
    """

    def __init__(self, *, offset_us: int, pts_90k: int) -> None:
        self.offset_us = offset_us
        self._steered_90k = pts_90k
        self._left = 0
        """What the last division left over, so that rounding never adds up."""

    def utc_us(self, pts_90k: int) -> UtcUs:
        """Wall time of this media time, with the offset in force."""
        return UtcUs(self.offset_us + us_from_ticks(pts_90k))

    def steer(self, pts_90k: int, target_us: int) -> None:
        """Move the offset towards the target, as far as the media time since the last call allows.

        `pts_90k` never goes back.

        Raises:
            TimelineBroken: reason `drift`: the offset is off by more than MAX_ERROR_US. Nothing was moved.
        """
        error_us = target_us - self.offset_us
        if abs(error_us) > MAX_ERROR_US:
            raise TimelineBroken("drift", error_us=error_us)
        elapsed_us = us_from_ticks(pts_90k) - us_from_ticks(self._steered_90k)
        allowed_us, self._left = divmod(elapsed_us * MAX_SLEW_PPM + self._left, 1_000_000 - MAX_SLEW_PPM)
        self.offset_us += max(-allowed_us, min(allowed_us, error_us))
        self._steered_90k = pts_90k

    def step(self, us: int) -> None:
        """Follow a step of the server's clock: what comes belongs to a new clock epoch."""
        self.offset_us += us
