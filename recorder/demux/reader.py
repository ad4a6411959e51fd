"""The thread of one session: FFmpeg's demuxer, blocking, with its packets handed over in a queue bounded in bytes.

The only module of the recorder that knows PyAV: containers, streams, time bases and its errors stay in here. Errors of
FFmpeg name the address that was opened, login and all; so none is chained, shown or logged. PyAV leaves FFmpeg's own
log off unless told otherwise. It is loaded by the first camera that needs it: 18 MB by itself, and a tenth of the
recorder's start.
"""

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from nvr.base.bounded import BoundedQueue
from nvr.base.clock import Clock
from nvr.base.stop import Stop
from nvr.base.units import TICKS_PER_SECOND, US_PER_SECOND, MonoUs, ticks_from_us, us_from_ticks
from recorder.demux.inputs import Input
from recorder.demux.opening import Opening
from recorder.errors import CameraUnreachable, Cause

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.error import FFmpegError
    from av.packet import Packet
    from av.video.stream import VideoStream

READ_TIMEOUT_S: Final = 1.5
"""FFmpeg can not be told to stop, only to give up: a stop takes at most so long (docs/design/sources.md)."""
QUEUE_BYTES: Final = 4 << 20
"""Eight seconds of 4 Mbit/s: longer than any pause of a loop that is alive."""
_ITEM_BYTES: Final = 256
"""What an item costs beside its data."""
_NO_TIMESTAMPS: Final = 0x80
"""AVFMT_NOTIMESTAMPS: FFmpeg would count 25 pictures a second; the time of arrival is nearer to the truth."""

_LISTING: Final = frozenset({"avi", "matroska", "mov", "mpegts"})
"""FFmpeg's names of containers that list their streams before any picture: what they do not list does not come."""

_CAUSES: Final = MappingProxyType(
    {
        "ConnectionRefusedError": Cause.REFUSED,
        "HTTPUnauthorizedError": Cause.UNAUTHORIZED,
        "HTTPForbiddenError": Cause.UNAUTHORIZED,
        "PermissionError": Cause.UNAUTHORIZED,
        "HTTPNotFoundError": Cause.NOT_FOUND,
        "FileNotFoundError": Cause.NOT_FOUND,
        "HTTPError": Cause.REJECTED,
        "ProtocolNotFoundError": Cause.UNSUPPORTED_TRANSPORT,
        "DecoderNotFoundError": Cause.UNSUPPORTED_CODEC,
        "InvalidDataError": Cause.GARBAGE,
        "ArgumentError": Cause.GARBAGE,
        "EOFError": Cause.CLOSED,
        "ConnectionResetError": Cause.CLOSED,
        "BrokenPipeError": Cause.CLOSED,
        "ExitError": Cause.TIMEOUT,
        "TimeoutError": Cause.TIMEOUT,
    }
)
"""By the names of PyAV's errors, the nearest first; anything else is `unreachable`, with its number."""


@dataclass(frozen=True, slots=True)
class Described:
    """The stream that is read: FFmpeg's name of its coding, and the container's decoder configuration if it has one."""

    codec: str
    extradata: bytes
    sound: bool | None
    """Whether there is sound beside it, which is discarded; None where the container does not say."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One access unit: when it arrived, its time stamp (32 bits of 90 kHz), and its bytes as the container has them."""

    arrival_mono_us: MonoUs
    held_us: int
    """For how long it was held back before."""
    timestamp: int
    data: bytes
    lost: int
    """Packets known to be missing in it, or shortly behind."""
    missed: bool
    """Access units before it were given up: the queue was full."""


class Reader:
    """Opens and reads in a thread of its own until `stop`, the end of the stream, or an error.

    The thread owns all but `queue`, which both sides use. It calls `wake` after each item and when it is over; `over`
    and `outcome` are set before the last call. A thread that FFmpeg does not give back is left to itself: it holds no
    lock, and what it finds later goes into a closed queue.
    """

    def __init__(self, opening: Opening, clock: Clock, wake: Callable[[], None], *, open_timeout_s: float) -> None:
        self.queue: BoundedQueue[Described | Arrived] = BoundedQueue(limit_bytes=QUEUE_BYTES)
        self.outcome: Exception | None = None
        self.over = False
        self._opening = opening
        self._clock = clock
        self._wake = wake
        self._open_timeout_s = open_timeout_s
        self._stop = Stop()
        self._missed = False
        self._timestamp = 0
        self._pace_from: tuple[int, int] | None = None
        self._thread = threading.Thread(target=self._main, name="demux", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end at its next packet or time-out; nothing more is handed over."""
        self._stop.set()
        self.queue.close()

    def _main(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 -- not swallowed: the session raises it in the worker's task
            self.outcome = error
        self.over = True
        self._wake()

    def _read(self) -> None:
        with ExitStack() as opened:
            source, container = self._opened(opened)
            stream = _video(container)
            untimed = bool(container.format.flags & _NO_TIMESTAMPS)
            self._describe(stream, sound=_sound(container))
            for packet in self._packets(container, stream):
                if self._stop.is_set():
                    return
                if packet.size:  # an empty one marks the end; one without dts is none the less a picture
                    self._hand_over(packet, source, untimed=untimed)
        if not self._stop.is_set():
            raise CameraUnreachable(Cause.CLOSED)

    def _opened(self, opened: ExitStack) -> "tuple[Input | None, InputContainer]":
        import av

        opening = self._opening
        source = opening.connect(self._open_timeout_s) if opening.connect is not None else None
        if source is not None:
            opened.callback(source.close)
        try:
            container = av.open(
                opening.target if source is None else source,
                "r",
                format=opening.container if source is None else source.container,
                options=dict(opening.options),
                timeout=(self._open_timeout_s, READ_TIMEOUT_S),
            )
        except av.error.FFmpegError as error:
            raise _unreachable(error) from None
        except TimeoutError:
            raise CameraUnreachable(Cause.TIMEOUT) from None
        if source is not None:
            source.wait_at_most(READ_TIMEOUT_S)
        return source, opened.enter_context(container)

    def _describe(self, stream: "VideoStream", *, sound: bool | None) -> None:
        described = Described(stream.codec_context.name, stream.codec_context.extradata or b"", sound)
        if not self._stop.is_set() and self.queue.offer(described, _ITEM_BYTES + len(described.extradata)):
            self._wake()

    def _packets(self, container: "InputContainer", stream: "VideoStream") -> "Iterator[Packet[VideoStream]]":
        from av.error import ExitError, FFmpegError

        read = False
        while True:
            try:
                for packet in container.demux(stream):
                    read = True
                    yield packet
                return
            except (ExitError, TimeoutError):
                if self._stop.is_set():
                    return
                if not self._opening.resumes:
                    raise CameraUnreachable(Cause.STALLED) from None
            except FFmpegError as error:
                raise (_broken_off(error) if read else _unreachable(error)) from None

    def _hand_over(self, packet: "Packet[VideoStream]", source: Input | None, *, untimed: bool) -> None:
        ticks_90k = None if untimed else _ticks_90k(packet)
        if self._opening.paced:
            self._wait_for(ticks_90k)
        arrival_mono_us = self._clock.mono_us()
        if untimed:
            ticks_90k = ticks_from_us(arrival_mono_us)
        if ticks_90k is not None:  # without one, the packet is a part of the picture before it
            self._timestamp = ticks_90k & 0xFFFFFFFF
        data = bytes(packet)
        missing = source.missing(packet.stream.id) if source is not None else None
        lost = int(packet.is_corrupt) if missing is None else missing
        held_us = source.delay_us if source is not None else 0
        arrived = Arrived(arrival_mono_us, held_us, self._timestamp, data, lost, self._missed)
        if self.queue.offer(arrived, _ITEM_BYTES + len(data)):
            self._missed = False
            self._wake()
        else:
            self._missed = True

    def _wait_for(self, ticks_90k: int | None) -> None:
        """Let the media time of a file go by, as a camera would."""
        if ticks_90k is None:
            return
        now_mono_us = self._clock.mono_us()
        first_90k, first_mono_us = self._pace_from = self._pace_from or (ticks_90k, now_mono_us)
        due_us = first_mono_us + us_from_ticks(ticks_90k - first_90k) - now_mono_us
        if due_us > 0:
            self._stop.wait_in_thread(due_us / US_PER_SECOND)


def _video(container: "InputContainer") -> "VideoStream":
    """The first video stream; every other stream is discarded within the demuxer (invariant 7).

    Raises:
        CameraUnreachable: cause `no-video`.
    """
    from av.stream import Discard

    streams = container.streams
    if not streams.video:
        raise CameraUnreachable(Cause.NO_VIDEO)
    chosen = streams.video[0]
    for stream in streams:
        if stream is not chosen:
            stream.discard = Discard.all
    return chosen


def _sound(container: "InputContainer") -> bool | None:
    if container.streams.audio:
        return True
    return False if container.format.name.partition(",")[0] in _LISTING else None


def _ticks_90k(packet: "Packet[VideoStream]") -> int | None:
    time = packet.pts if packet.pts is not None else packet.dts
    base = packet.time_base
    if time is None or not base:
        return None
    return time * TICKS_PER_SECOND * base.numerator // base.denominator


def _broken_off(error: "FFmpegError") -> CameraUnreachable:
    """What ended a stream that had played: FFmpeg tells a connection that is cut by whatever it was reading then."""
    return CameraUnreachable(Cause.CLOSED, errno=error.errno)


def _unreachable(error: "FFmpegError") -> CameraUnreachable:
    if error.errno == errno.EBUSY:  # a device that somebody else reads; PyAV has no name for it
        return CameraUnreachable(Cause.IN_USE)
    cause = next((_CAUSES[kind.__name__] for kind in type(error).mro() if kind.__name__ in _CAUSES), None)
    if cause is None:
        return CameraUnreachable(Cause.UNREACHABLE, errno=error.errno)
    return CameraUnreachable(cause)
