"""How much comes, and for how long nothing came."""

from nvr.base.units import US_PER_SECOND


class Meter:
    """Measures a stream of bytes by two looks a second. Its owner adds to `bytes_read` and calls `tick`."""

    def __init__(self, now_mono_us: int) -> None:
        self.bytes_read = 0
        self.bitrate_bps = 0
        """Smoothed over some seconds, as groups of pictures are uneven."""
        self.quiet_ticks = 0
        """Looks since bytes last came."""
        self._looked_bytes = 0
        self._looked_mono_us = now_mono_us

    @property
    def fresh_bytes(self) -> int:
        """Those since the last look."""
        return self.bytes_read - self._looked_bytes

    def restart(self, now_mono_us: int) -> None:
        """Forget how much came so far; `bytes_read` goes on."""
        self.bitrate_bps = self.quiet_ticks = 0
        self._looked_bytes, self._looked_mono_us = self.bytes_read, now_mono_us

    def tick(self, now_mono_us: int) -> None:
        """Look at what came since the last look."""
        elapsed_us = now_mono_us - self._looked_mono_us
        if elapsed_us <= 0:
            return
        received = self.fresh_bytes
        self._looked_bytes, self._looked_mono_us = self.bytes_read, now_mono_us
        self.quiet_ticks = 0 if received else self.quiet_ticks + 1
        latest_bps = received * 8 * US_PER_SECOND // elapsed_us
        self.bitrate_bps = (3 * self.bitrate_bps + latest_bps) // 4 if self.bitrate_bps else latest_bps
