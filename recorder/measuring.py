"""What a camera sends, measured on a session of its own: nothing of it is kept, no picture is looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic

from nvr.base.clock import Clock, utc_offset_us
from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, MonoUs, us_from_ticks
from recorder.errors import TimelineBroken
from recorder.run import D_co
from recorder.source import Traits
from recorder.timeline import MediaTime
from storage.records import GapCause, RandomAccess

ENOUGH_US: Final = 4 * US_PER_SECOND
"""A shorter look does not tell a rate from its jitter."""
_ENOUGH_KEYS: Final = 3
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """The video of one camera. Rates are of its media time; `key_interval_ms` is the longest seen.

    `key_interval_ms` is None when fewer than two random access points came; `lost` where what the network lost is not
    counted; `sound` where nothing says whether the camera offers it; `clock_offset_us` (the camera's clock less the
    server's) when the camera sent no sender report, or has no clock.
    """

    codec: str
    width: int
    height: int
    frames: int
    media_ms: int
    fps_milli: int
    key_interval_ms: int | None
    bitrate_bps: int
    lost: int | None
    sound: bool | None
    clock_offset_us: int | None


class Measurement(Generic[D_co]):
    """Takes what one session receives, counts it and lets go of it. The event loop owns it."""

    def __init__(self, depacketise: Callable[["Measurement[D_co]"], D_co], traits: Traits, clock: Clock) -> None:
        self.depacketiser = depacketise(self)
        self._traits = traits
        self._clock = clock
        self._arrival_mono_us = MonoUs(0)
        self._media: MediaTime | None = None
        self._first_90k = self._last_90k = 0
        self._units = self._bytes = self._last_bytes = self._lost = 0
        self._keys_90k: list[int] = []
        self._least_delay_us: int | None = None
        self._report: tuple[int, int] | None = None
        self._early_report: tuple[int, int] | None = None

    @property
    def is_enough(self) -> bool:
        """Whether more would tell nothing new."""
        long = us_from_ticks(self._last_90k - self._first_90k) >= ENOUGH_US
        told = self._report is not None or not self._traits.tells_time
        return long and len(self._keys_90k) >= _ENOUGH_KEYS and told

    def reading(self, now_mono_us: MonoUs, held_us: int = 0) -> None:
        """Bytes have arrived at this instant; they were held back for so long on our side."""
        self._arrival_mono_us = MonoUs(now_mono_us - held_us)

    def read(self) -> None:
        """Their units are told."""

    def sender_report(self, ntp_us: int, timestamp: int) -> None:
        """The camera says which of its own instants a time stamp stands for."""
        if self._media is None:
            self._early_report = ntp_us, timestamp
        else:
            self._report = ntp_us, self._media.place(timestamp)

    def source_changed(self) -> None:
        """Time stamps begin anew: what was measured of the old ones is forgotten."""
        self._begin()

    def missed(self, cause: GapCause) -> None:  # noqa: ARG002 -- as `recorder.source.Intake` has it
        """Units were given up on our side: what was measured is forgotten, a rate over a hole would be too low."""
        self._begin()

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:  # noqa: FBT001 -- as `recorder.h264.UnitSink` calls it
        """One access unit."""
        self.depacketiser.discard()
        self._lost += lost
        if joins:
            self._last_bytes += size
            return
        pts_90k = self._place(timestamp)
        self._bytes += self._last_bytes
        self._last_bytes = size
        self._units += 1
        self._first_90k, self._last_90k = min(self._first_90k, pts_90k), max(self._last_90k, pts_90k)
        if random_access is not RandomAccess.NONE:
            self._keys_90k.append(pts_90k)
        delay_us = self._arrival_mono_us - us_from_ticks(pts_90k)
        if self._least_delay_us is None or delay_us < self._least_delay_us:
            self._least_delay_us = delay_us

    def result(self) -> Measured | None:
        """What was measured so far; None before two pictures that can be decoded."""
        config, span_90k = self.depacketiser.config, self._last_90k - self._first_90k
        if config is None or span_90k <= 0:
            return None
        intervals = [later - earlier for earlier, later in zip(self._keys_90k, self._keys_90k[1:], strict=False)]
        return Measured(
            codec=config.codec,
            width=config.width,
            height=config.height,
            frames=self._units,
            media_ms=us_from_ticks(span_90k) // _MS,
            fps_milli=round((self._units - 1) * TICKS_PER_SECOND * _MS / span_90k),
            key_interval_ms=us_from_ticks(max(intervals)) // _MS if intervals else None,
            bitrate_bps=self._bytes * 8 * TICKS_PER_SECOND // span_90k,
            lost=self._lost if self._traits.counts_lost else None,
            sound=self._traits.sound,
            clock_offset_us=self._clock_offset_us(),
        )

    def _place(self, timestamp: int) -> int:
        if self._media is not None:
            try:
                return self._media.advance(timestamp)
            except TimelineBroken:
                self._begin()
        self._media = MediaTime(timestamp)
        if self._early_report is not None:
            ntp_us, at = self._early_report
            self._report = ntp_us, self._media.place(at)
            self._early_report = None
        return 0

    def _begin(self) -> None:
        self._media = self._least_delay_us = self._report = None
        self._first_90k = self._last_90k = 0
        self._units = self._bytes = self._last_bytes = 0
        self._keys_90k.clear()

    def _clock_offset_us(self) -> int | None:
        if self._report is None or self._least_delay_us is None:
            return None
        ntp_us, pts_90k = self._report
        return ntp_us - (self._least_delay_us + us_from_ticks(pts_90k) + utc_offset_us(self._clock))
