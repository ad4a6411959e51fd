"""From the frames of one camera to its clients: each gets its own stamps, and whatever fault is set."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, us_from_ticks
from nvr.sim.camera import SimCamera
from nvr.sim.encoder import ParameterSets
from nvr.sim.faults import Faults
from nvr.sim.rtp import (
    PAYLOAD_TYPE_PCMU,
    RtpFrame,
    frame_of,
    sender_report,
    stamp,
    without_first_packets,
)

REPORT_INTERVAL_90K: Final = 5 * TICKS_PER_SECOND
"""Between two sender reports: the least that RFC 3550 section 6.2 lets an unscaled session use."""

BACKLOG_S: Final = 2
"""A client that has so much of the bitrate waiting in this process is too slow, and is cut."""

MIN_BACKLOG_BYTES: Final = 256 * 1024

_PCMU_HZ: Final = 8000
_PCMU_SILENCE: Final = b"\xff"

Deliver = Callable[[RtpFrame, int, int], None]
"""Takes a frame, its `pts_90k` since the source began, and its `capture_utc_us`; to be called on the event loop."""


class Source(Protocol):
    """Where the frames of one camera come from."""

    @property
    def parameter_sets(self) -> ParameterSets:
        """Known before anybody plays, for the SDP."""
        ...

    def play(self, deliver: Deliver) -> None:
        """Somebody plays: deliver from now on."""
        ...

    def pause(self) -> None:
        """Nobody plays any more."""
        ...

    def want_key(self) -> None:
        """Let a key frame come soon."""
        ...


@dataclass(slots=True)
class Counters:
    """What one camera did since the simulator began; `Feed.statistics` gives a copy."""

    frames: int = 0
    packets: int = 0
    sent_bytes: int = 0
    packets_lost: int = 0
    slow_clients_cut: int = 0
    sessions_timed_out: int = 0


class Track:
    """One RTP stream to one client: its channel, and the numbers that a sender keeps (RFC 3550 section 5.1)."""

    __slots__ = ("channel", "packets", "payload_bytes", "report_channel", "sequence", "ssrc")

    def __init__(self, channel: int, report_channel: int | None = None) -> None:
        self.channel = channel
        self.report_channel = channel + 1 if report_channel is None else report_channel
        self.ssrc = secrets.randbits(32)
        self.sequence = secrets.randbits(16)
        self.packets = 0
        self.payload_bytes = 0

    def stamp(self, frame: RtpFrame, timestamp: int) -> bytearray:
        """The frame's packets for this client; counts them as sent."""
        data = stamp(
            frame,
            channel=self.channel,
            first_sequence=self.sequence,
            timestamp=timestamp,
            ssrc=self.ssrc,
        )
        self.sequence = self.sequence + len(frame.offsets) & 0xFFFF
        self.packets += len(frame.offsets)
        self.payload_bytes += frame.payload_bytes
        return data


class Player:
    """A client that plays: it begins at a key frame."""

    __slots__ = ("audio", "awaits_key", "report_due_90k", "transport", "video")

    def __init__(self, transport: asyncio.Transport, video: Track | None, audio: Track | None) -> None:
        self.transport = transport
        self.video = video
        self.audio = audio
        self.awaits_key = True
        self.report_due_90k: int | None = None


class Feed:
    """Sends the frames of one camera to all who play it; the event loop owns it.

    All clients see the same RTP timestamps (a random beginning plus the media time); sequence numbers and SSRC
    are their own.
    """

    def __init__(self, camera: SimCamera, source: Source, faults: Faults) -> None:
        self._camera = camera
        self._source = source
        self._faults = faults
        self._players: set[Player] = set()
        self._base_90k = secrets.randbits(32)
        self._backlog_bytes = max(MIN_BACKLOG_BYTES, camera.bitrate_bps // 8 * BACKLOG_S)
        self._silence = frame_of(
            [_PCMU_SILENCE * (_PCMU_HZ // camera.fps)], payload_type=PAYLOAD_TYPE_PCMU, pts_90k=0, key=True
        )
        self._anybody = asyncio.Event()
        self.counters = Counters()

    @property
    def players(self) -> int:
        """How many clients play now."""
        return len(self._players)

    def statistics(self) -> Counters:
        """A copy of the counters."""
        return replace(self.counters)

    async def wait_played(self) -> None:
        """Until at least one client plays."""
        await self._anybody.wait()

    def add(self, player: Player) -> None:
        """This client plays from the next key frame on; one that plays already goes on."""
        if player in self._players:
            return
        self._players.add(player)
        self._anybody.set()
        if len(self._players) == 1:
            self._source.play(self.deliver)
        else:
            self._source.want_key()

    def remove(self, player: Player) -> None:
        """This client plays no more; one that never played changes nothing."""
        if player not in self._players:
            return
        self._players.discard(player)
        if not self._players:
            self._anybody.clear()
            self._source.pause()

    def deliver(self, frame: RtpFrame, pts_90k: int, capture_utc_us: int) -> None:
        """Send one frame to all who can use it."""
        if self._faults.frozen:
            for player in self._players:
                player.awaits_key = True
            return
        receivers = [player for player in self._players if frame.key or not player.awaits_key]
        if not receivers:
            return
        timestamp = self._timestamp(frame, pts_90k)
        ntp_utc_us = self._camera_clock_us(pts_90k, capture_utc_us)
        lost = self._faults.take_lost_packets(len(frame.offsets))
        garbage = self._faults.take_garbage()
        cut = self._faults.take_cut()
        for player in receivers:
            if player.transport.get_write_buffer_size() > self._backlog_bytes:
                self._cut_slow(player)
                continue
            player.awaits_key = False
            if garbage:
                player.transport.write(garbage)
            if player.video is not None:
                self._report(player, player.video, pts_90k, timestamp, ntp_utc_us)
                data = player.video.stamp(frame, timestamp)
                self._write(player, without_first_packets(data, frame, lost) if lost else data, cut=cut)
                self.counters.packets += len(frame.offsets) - lost
            if player.audio is not None:
                player.transport.write(player.audio.stamp(self._silence, pts_90k * _PCMU_HZ // TICKS_PER_SECOND))
        self.counters.frames += 1
        self.counters.packets_lost += lost

    def _timestamp(self, frame: RtpFrame, pts_90k: int) -> int:
        media_90k = pts_90k + pts_90k * self._camera.clock_drift_ppm // US_PER_SECOND
        if self._faults.reset_awaits_key:
            if frame.key and self._faults.take_reset():
                self._base_90k = -media_90k
            else:
                self._source.want_key()
        self._base_90k += self._faults.take_jump_90k()
        return self._base_90k + media_90k

    def _camera_clock_us(self, pts_90k: int, capture_utc_us: int) -> int:
        drift_us = us_from_ticks(pts_90k) * self._camera.clock_drift_ppm // US_PER_SECOND
        return capture_utc_us + self._camera.clock_offset_us + drift_us

    def _report(self, player: Player, video: Track, pts_90k: int, timestamp: int, ntp_utc_us: int) -> None:
        if not self._camera.sender_reports:
            return
        if player.report_due_90k is not None and pts_90k < player.report_due_90k:
            return
        player.report_due_90k = pts_90k + REPORT_INTERVAL_90K
        report = sender_report(
            channel=video.report_channel,
            ssrc=video.ssrc,
            ntp_utc_us=ntp_utc_us,
            timestamp=timestamp,
            packets=video.packets,
            payload_bytes=video.payload_bytes,
        )
        player.transport.write(report)

    def _write(self, player: Player, data: bytearray, *, cut: bool) -> None:
        if cut:
            player.transport.write(data[: len(data) // 2])
            player.transport.close()
            self.remove(player)
            return
        player.transport.write(data)
        self.counters.sent_bytes += len(data)

    def _cut_slow(self, player: Player) -> None:
        self.counters.slow_clients_cut += 1
        player.transport.abort()
        # The connection tells that it is lost only in the loop's next turn.
        self.remove(player)
