"""One session's access units on their way to records."""

from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, MonoUs, us_from_ticks
from recorder.dating import Dater
from recorder.errors import TimelineBroken, garbage
from recorder.gop import GopBuilder
from recorder.recording import Recording
from recorder.server_clock import ServerClock
from recorder.timeline import MAX_AHEAD_US, WINDOW_US, MediaTime
from storage.records import CodecConfig, GapCause, RandomAccess

MAX_BREAKS: Final = 10
"""Within BREAKS_US: each costs a segment with its keys, and one camera must not use up the disk's time."""
BREAKS_US: Final = 60 * US_PER_SECOND


class Depacketiser(Protocol):
    """Joins what a session receives to access units, and keeps their bytes until a record takes them."""

    @property
    def intra_only(self) -> bool:
        """Whether every unit is a random access point."""
        ...

    @property
    def config(self) -> CodecConfig | None:
        """How to decode the units told so far; None until it is known."""
        ...

    @property
    def unfinished(self) -> int:
        """Bytes at the end of what is joined that belong to an access unit not yet told."""
        ...

    def take(self, keep: int) -> bytearray:
        """Give away what was joined, less its last `keep` bytes, which begin what comes."""
        ...

    def discard(self) -> None:
        """Forget every unit told so far, the one that is just being told among them."""
        ...


D_co = TypeVar("D_co", bound=Depacketiser, covariant=True)


class Run(Generic[D_co]):
    """Takes what one session receives; the supervisor makes a new one for the next session.

    When the camera's time stamps break, a new run begins within the session, and the group of pictures goes on: no
    picture is lost by it. The event loop owns it. For each read: `reading`, any number of units, `read`.
    """

    def __init__(
        self,
        recording: Recording,
        server: ServerClock,
        depacketise: Callable[["Run[D_co]"], D_co],
        *,
        window_us: int = WINDOW_US,
    ) -> None:
        self.depacketiser = depacketise(self)
        self.last_unit_mono_us: MonoUs | None = None
        """When the last access unit was told, be it recorded or not."""
        self.awaits_random_access = True
        self.breaks = 0
        """How often a new run began within the session."""
        self.last_break = ""
        self._recording = recording
        self._server = server
        self._codec = self.depacketiser.config
        self._arrival_mono_us = self._told_mono_us = MonoUs(0)
        self._gop = GopBuilder(intra_only=self.depacketiser.intra_only)
        self._media: MediaTime | None = None
        self._window_us = window_us
        self._dater = Dater(recording, server, began_mono_us=0, window_us=window_us)
        self._newest_90k = 0
        self._fresh = False
        self._source_changed = False
        self._hole: GapCause | None = None
        self._early_report: tuple[int, int] | None = None
        self._broke_mono_us: deque[MonoUs] = deque(maxlen=MAX_BREAKS)

    @property
    def step_us(self) -> int:
        """The interval between the last two pictures."""
        return us_from_ticks(self._gop.step_90k)

    def reading(self, now_mono_us: MonoUs, held_us: int = 0) -> None:
        """Bytes have arrived at this instant; their units follow. They were held back for so long on our side."""
        self._told_mono_us = now_mono_us
        self._arrival_mono_us = MonoUs(now_mono_us - held_us)

    def read(self) -> None:
        """The units of this read are told."""
        if self._fresh:
            self._fresh = False
            self._dater.observe(self._arrival_mono_us, self._newest_90k)

    def sender_report(self, ntp_us: int, timestamp: int) -> None:
        """The camera says which of its own instants (Unix microseconds) a time stamp stands for."""
        if self._media is None:
            self._early_report = ntp_us, timestamp
        else:
            self._dater.sender_report(ntp_us, self._media.place(timestamp), self._newest_90k)

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:  # noqa: FBT001 -- hot: positional
        """One access unit: the last `size` bytes that the depacketiser joined.

        Raises:
            CameraUnreachable: cause `garbage`: the time stamps break too often to be recorded.
        """
        self.last_unit_mono_us = self._told_mono_us
        config = self.depacketiser.config
        if config is None or (self.awaits_random_access and random_access is RandomAccess.NONE):
            self.depacketiser.discard()
            return
        self.awaits_random_access = False
        if joins and self._gop.units:
            self._gop.extend(size, lost)
            return
        if self._media is None:
            pts_90k = self._begin_timeline(timestamp)
        else:
            pts_90k = self._advance(self._media, timestamp, size, random_access)
        gop = self._gop
        if config is not self._codec or gop.ends_before(pts_90k, size, random_access):
            hole = gop.is_hole(pts_90k)
            self._close(size, next_90k=pts_90k)
            if hole and self._hole is None:
                self._hole = GapCause.LOST if lost else GapCause.SILENT
        self._codec = config
        gop.add(pts_90k, size, random_access, lost)
        if pts_90k > self._newest_90k:  # noqa: PLR1730 -- hot: twice as fast as max()
            self._newest_90k = pts_90k
        self._fresh = True

    def source_changed(self) -> None:
        """The camera's time stamps begin anew with the next unit."""
        self._source_changed = True

    def missed(self, cause: GapCause) -> None:
        """Units are missing before the next one, which is the first that can be decoded again."""
        self._close(self.depacketiser.unfinished, next_90k=None)
        self.awaits_random_access = True
        self._hole = cause

    def flush(self, *, goes_on: bool = False) -> None:
        """Make a record of the open one's whole access units and hand over everything; the group may go on.

        A session that `goes_on` keeps a record to which pictures that are shown before its first may still come.
        """
        if not (goes_on and self._gop.awaits_earlier):
            self._close(self.depacketiser.unfinished, next_90k=None)
        self.read()
        self._dater.date_all()

    def _close(self, keep: int, *, next_90k: int | None) -> None:
        if not self._gop.units or self._codec is None:
            return
        record = self._gop.close(self.depacketiser.take(keep), next_90k=next_90k)
        self._dater.add(record, self._codec, self._hole)
        self._hole = None

    def _advance(self, media: MediaTime, timestamp: int, size: int, random_access: RandomAccess) -> int:
        """The unit's media time; where the timeline can not go on, that of a new one."""
        reason = "source" if self._source_changed else "drift" if self._dater.broken else None
        if reason is None:
            try:
                pts_90k = media.advance(timestamp)
                if not 0 < pts_90k - self._newest_90k <= TICKS_PER_SECOND:
                    self._judge(pts_90k, size, random_access)
                return pts_90k
            except TimelineBroken as broken:
                reason = broken.reason
        self._note_break(reason)
        self._close(size, next_90k=None)
        self.read()
        self._dater.date_all()
        return self._begin_timeline(timestamp)

    def _note_break(self, reason: str) -> None:
        times, now_mono_us = self._broke_mono_us, self._arrival_mono_us
        if len(times) == MAX_BREAKS and now_mono_us - times[0] < BREAKS_US:
            raise garbage("time-stamps", reason=reason)
        times.append(now_mono_us)
        self.breaks += 1
        self.last_break = reason

    def _judge(self, pts_90k: int, size: int, random_access: RandomAccess) -> None:
        """Refuse a media time that the order of records, or the time of arrival, contradicts."""
        gop = self._gop
        if pts_90k <= gop.earliest_90k:
            other = self.depacketiser.config is not self._codec
            if gop.goes_back(pts_90k, opens=other or gop.ends_before(pts_90k, size, random_access)):
                raise TimelineBroken("backwards")
        if pts_90k - self._newest_90k > TICKS_PER_SECOND:
            delay_us = self._arrival_mono_us - us_from_ticks(pts_90k)
            if self._dater.is_ahead(delay_us, MAX_AHEAD_US):
                raise TimelineBroken("ahead")

    def _begin_timeline(self, timestamp: int) -> int:
        self._media = MediaTime(timestamp)
        self._dater = Dater(
            self._recording, self._server, began_mono_us=self._arrival_mono_us, window_us=self._window_us
        )
        self._gop = GopBuilder(step_90k=self._gop.step_90k, intra_only=self.depacketiser.intra_only)
        self._newest_90k = 0
        self._source_changed = self._fresh = False
        if self._early_report is not None:
            ntp_us, at = self._early_report
            self._early_report = None
            self._dater.sender_report(ntp_us, self._media.place(at), 0)
        return 0
