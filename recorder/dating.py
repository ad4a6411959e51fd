"""Records of one timeline get their wall time, clock epoch and camera clock offset; then they are told on."""

from dataclasses import dataclass
from typing import Final

from nvr.base.ids import RunId, uuid7
from nvr.base.units import US_PER_SECOND, us_from_ticks
from recorder.errors import TimelineBroken
from recorder.recording import MAX_OVERLAP_US, Recording
from recorder.server_clock import ServerClock
from recorder.timeline import SETTLE_US, WINDOW_US, DelayEnvelope, WallTime
from storage.records import CodecConfig, GapCause, Record

_MAX_REPORT_AWAY_US: Final = 60 * US_PER_SECOND
"""A sender report further than this from the pictures speaks of another timeline."""
_NTP_ERA_US: Final = (1 << 32) * US_PER_SECOND
"""NTP time stamps come round every 136 years (RFC 5905 section 6)."""
_MAX_UNDATED_BYTES: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class _Undated:
    record: Record
    codec: CodecConfig
    hole: GapCause | None


class Dater:
    """Dates the records of one run, in the order of their coming. The event loop owns it.

    The first records wait until the delay has been watched for SETTLE_US, then every record is told on at once.
    `broken` is set when the wall time has drifted so far that a new run must be dated afresh.
    """

    def __init__(
        self, recording: Recording, server: ServerClock, *, began_mono_us: int, window_us: int = WINDOW_US
    ) -> None:
        self.broken = False
        self._recording = recording
        self._server = server
        self._began_mono_us = began_mono_us
        self._now_mono_us = began_mono_us
        self._run = RunId(uuid7(server.utc_us()))
        self._envelope = DelayEnvelope(window_us)
        self._wall: WallTime | None = None
        self._epoch = server.epoch
        self._server_offset_us = server.offset_us
        self._report: tuple[int, int] | None = None
        self._undated: list[_Undated] = []
        self._undated_bytes = 0

    def observe(self, arrival_mono_us: int, newest_90k: int) -> None:
        """The newest picture arrived at this instant."""
        self._now_mono_us = arrival_mono_us
        self._envelope.observe(arrival_mono_us - us_from_ticks(newest_90k))
        settled = arrival_mono_us - self._began_mono_us >= SETTLE_US or self._undated_bytes > _MAX_UNDATED_BYTES
        if self._undated and settled:
            self.date_all()

    def is_ahead(self, delay_us: int, tolerance_us: int) -> bool:
        """Whether a picture with this delay comes sooner than any picture can."""
        least_us = self._envelope.least_us(self._now_mono_us)
        return least_us is not None and delay_us < least_us - tolerance_us

    def sender_report(self, ntp_us: int, pts_90k: int, newest_90k: int) -> None:
        """The camera says which of its own instants (Unix microseconds) a media time stands for."""
        if abs(us_from_ticks(pts_90k - newest_90k)) <= _MAX_REPORT_AWAY_US:
            self._report = ntp_us, pts_90k

    def add(self, record: Record, codec: CodecConfig, hole: GapCause | None) -> None:
        """The next record; `hole` is why pictures are missing right before it."""
        if self._wall is not None:
            self._tell(self._wall, _Undated(record, codec, hole))
            return
        self._undated.append(_Undated(record, codec, hole))
        self._undated_bytes += len(record.data)

    def date_all(self) -> None:
        """Date what waits, with what is known by now."""
        if not self._undated:
            return
        waiting, self._undated, self._undated_bytes = self._undated, [], 0
        if self._wall is None:
            self._wall = self._anchored(waiting[0].record.pts_90k)
        for undated in waiting:
            self._tell(self._wall, undated)

    def _anchored(self, first_90k: int) -> WallTime:
        """The wall time to begin with; a small overlap with the record before is an error of the estimate."""
        self._server.observe()
        self._epoch, self._server_offset_us = self._server.epoch, self._server.offset_us
        least_us = self._envelope.least_us(self._now_mono_us)
        delay_us = least_us if least_us is not None else self._now_mono_us - us_from_ticks(first_90k)
        wall = WallTime(offset_us=delay_us + self._server_offset_us, pts_90k=first_90k)
        overlap_us = self._recording.overlap_us(wall.utc_us(first_90k), self._epoch)
        if 0 < overlap_us < MAX_OVERLAP_US:
            wall.step(overlap_us)
        return wall

    def _tell(self, wall: WallTime, undated: _Undated) -> None:
        """Date one record in the epoch in which it began; a step seen now counts from the next record on."""
        self._server.observe()
        stepped_us = 0
        if self._server.epoch != self._epoch:
            stepped_us = self._server.offset_us - self._server_offset_us
        else:
            self._server_offset_us = self._server.offset_us
        record = undated.record
        self._steer(wall, record)
        record.start_utc_us = wall.utc_us(record.pts_90k)
        record.clock_epoch = self._epoch
        record.camera_offset_us = self._camera_offset_us(wall)
        record.unsynchronised = not self._server.synchronised
        if stepped_us:
            wall.step(stepped_us)
            self._epoch, self._server_offset_us = self._server.epoch, self._server.offset_us
        if undated.hole is not None and not self._recording.gaps.is_open:
            self._recording.interrupt(undated.hole, record.start_utc_us, "hole")
        self._recording.append(record, run=self._run, codec=undated.codec)

    def _steer(self, wall: WallTime, record: Record) -> None:
        least_us = self._envelope.least_us(self._now_mono_us)
        if least_us is None:
            return
        try:
            wall.steer(record.pts_90k, least_us + self._server_offset_us)
        except TimelineBroken:
            self.broken = True

    def _camera_offset_us(self, wall: WallTime) -> int | None:
        """The camera's clock less the server's, in the NTP era that brings them nearest."""
        if self._report is None:
            return None
        ntp_us, pts_90k = self._report
        apart_us = ntp_us - wall.utc_us(pts_90k)
        return (apart_us + _NTP_ERA_US // 2) % _NTP_ERA_US - _NTP_ERA_US // 2
