"""From interleaved RTP frames, or whole access units, to MP4 samples in a buffer: what all codecs have in common.

Every NAL unit is kept byte for byte, SEI, AUD and filler included, behind its length in four bytes (ISO/IEC
14496-15). What was lost on the way: a NAL unit with a hole is never written. The whole NAL units of a damaged access
unit are kept, since a slice that came shows its part of the picture, and the loss is counted for the record.

Parameter sets that change count from the next random access point on, where decoding begins anew; until then the
samples bring them along.

Tolerated defects of cameras:
    Marker bit or a time stamp of its own on parameter sets or SEI: an access unit ends only once it holds a slice.
    Marker bit on every slice: what follows with the same time stamp is told as part of the unit before (`joins`).
    The same time stamp on one picture after the other: a first slice behind a marker, or behind a slice of another
    picture, begins a unit of its own.
    Annex B start codes inside one payload (IPCAM): the units are parted.
    Start and end bit on one fragment (RFC 6184 section 5.8 forbids it): taken as a whole NAL unit.
    No end bit on a fragment with the marker: the marker ends the NAL unit.
    A sequence number far from the last one: counted as one lost packet (RFC 3550 appendix A.1).
    Another stream of another payload type on our channel (repair, metadata): passed over.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from recorder.errors import garbage
from recorder.parameter_sets import BadParameterSet, ParameterSets
from storage.buffers import BufferPool, extend
from storage.records import CodecConfig, RandomAccess

MAX_PENDING: Final = 16 * 1024 * 1024
"""Bytes of one record and one access unit together; a record closes at 8 MiB (DESIGN.md "Ingest")."""

_RTP: Final = Struct(">BBHII")
_RTP_BYTES: Final = _RTP.size
_RTP_VERSION: Final = 2
_LENGTH: Final = Struct(">I")
_NO_LENGTH: Final = bytes(_LENGTH.size)
_SIZE: Final = Struct(">H")
_FRAME_HEAD: Final = 4
_TIMESTAMP: Final = Struct(">8xI")
"""Of an interleaved packet."""
_MAX_DROPOUT: Final = 3000
_MAX_MISORDER: Final = 100
_MARKER: Final = 0x80
_ORDER_MARKER: Final = _MARKER << 16
_CONTROL_MASK: Final = 0xE0
_CONTROL: Final = 0xC0
"""How a control packet on the channel of the pictures begins its second byte: 192 to 223 (RFC 5761 section 4)."""
_FU_START: Final = 0x80
_FU_END: Final = 0x40
_NONE: Final = -1

Sets = TypeVar("Sets", bound=ParameterSets)


class UnitSink(Protocol):
    """Who takes the access units."""

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:  # noqa: FBT001 -- hot: positional
        """One access unit: the last `size` bytes of what the depacketiser joined.

        `lost` packets are missing since the unit before; with `joins` the bytes belong to that unit.
        """
        ...

    def source_changed(self) -> None:
        """Another synchronisation source: time stamps and sequence numbers begin anew."""
        ...


class Depacketiser(ABC, Generic[Sets]):
    """Reads one video channel. The event loop owns it; `take` may be called by the sink and between reads.

    `config` is how to decode the units told so far, None until the parameter sets are known.
    """

    intra_only: ClassVar[bool] = False
    """Whether every access unit is a random access point: not in these codings."""
    FRAME: ClassVar[Struct]
    """The beginning of an interleaved fragment, as three numbers.

    '$', channel and length; version, flags, marker, payload type and sequence number; then what all fragments of a
    unit share: the time stamp's low bytes, SSRC, payload header, fragment header. Of the time stamp no more is needed:
    in unbroken sequence a unit's middle can not follow another unit's start.
    """
    SHARED: ClassVar[int]
    """The bits of the third number without the time stamp's."""

    def __init__(
        self,
        sink: UnitSink,
        pool: BufferPool,
        *,
        channel: int,
        payload_type: int,
        parameter_sets: Sequence[bytes] = (),
    ) -> None:
        self._sink = sink
        self._pool = pool
        self._out = pool.take()
        self._room = memoryview(self._out)
        self._end = 0
        self._sets = self._no_sets()
        for nal in parameter_sets:
            self._offer(nal)
        self.config: CodecConfig | None = self._sets.config()
        self._frame, self._frame_bytes = self.FRAME.unpack_from, self.FRAME.size
        self._payload_type = payload_type
        self._magic = 0x2400 | channel
        self._plain = (0x8000 | payload_type) << 16
        self._plain_start = _NONE
        self._plain_head = b""
        self._is_plain = False
        self._control = _NONE if 64 <= payload_type < 96 else _CONTROL  # noqa: PLR2004 -- these look so with a marker
        self._due = _NONE
        self._ssrc = _NONE
        self._timestamp = _NONE
        self._told = _NONE
        self._lost = 0
        self._unit_start = 0
        self._nal_start = _NONE
        self._middle = _NONE
        self._has_slice = False
        self._begins_picture = False
        self._random_access = RandomAccess.NONE
        self._sets_changed = False
        self._slices_end = 0
        self._at_slices_end = RandomAccess.NONE, False

    @property
    def unfinished(self) -> int:
        """Bytes at the end of what is joined that belong to an access unit not yet told."""
        return self._end - self._unit_start

    def take(self, keep: int) -> bytearray:
        """Give away what was joined, less its last `keep` bytes, which begin what comes: the one copy per record."""
        taken, cut, end = self._out, self._end - keep, self._end
        rest = bytes(self._room[cut:end])
        self._room.release()
        del taken[cut:]
        self._out = self._pool.take()
        self._room = memoryview(self._out)
        self._end = 0
        self._put(rest)
        self._unit_start -= cut
        self._slices_end -= cut
        if self._nal_start != _NONE:
            self._nal_start -= cut
        return taken

    def discard(self) -> None:
        """Forget every unit told so far, the one that is just being told among them."""
        self._end = self._unit_start = 0

    def walk(self, buffer: bytearray, view: memoryview, at: int, end: int) -> int:
        """Take the whole frames of our channel from `buffer[at:end]`; where the first other byte stands.

        The hot path: of the pictures that are one NAL unit in fragments, no function is called per packet but those
        that read its header and copy it. All other packets go to `packet`, but control packets (RTCP), which are left.
        `view` is a view of the same buffer.

        Raises:
            CameraUnreachable: cause `garbage`, for an access unit beyond MAX_PENDING.
        """
        frame, frame_bytes, mask = self._frame, self._frame_bytes, self.SHARED
        magic, control, plain_start = self._magic, self._control, self._plain_start
        room, filled = self._room_for(end - at), self._end
        due, middle = self._due, self._middle
        while end - at >= frame_bytes:
            head, order, shared = frame(buffer, at)
            size = (head & 0xFFFF) + _FRAME_HEAD
            if head >> 16 != magic or size > end - at:
                break
            if size > frame_bytes:
                body = at + frame_bytes
                if order == due and shared == middle:
                    length, last = size - frame_bytes, end - size
                    while True:
                        begin, filled = filled, filled + length
                        room[begin:filled] = view[body : body + length]
                        at, body, due = at + size, body + size, due + 1
                        if at > last or frame(buffer, at) != (head, due, shared):
                            break
                    continue
                if order == due and shared & mask == plain_start and not self._has_slice and self._nal_start == _NONE:
                    timestamp = _TIMESTAMP.unpack_from(buffer, at)[0]
                    if timestamp != self._told:
                        self._timestamp, self._nal_start, self._is_plain = timestamp, filled, True
                        begin = filled + len(self._plain_head)
                        room[filled:begin] = self._plain_head
                        filled, at, due = begin + size - frame_bytes, at + size, due + 1
                        room[begin:filled] = view[body:at]
                        self._middle = middle = shared ^ _FU_START
                        continue
                if order == due | _ORDER_MARKER and shared == middle | _FU_END:
                    begin, at = filled, at + size
                    self._end = begin + size - frame_bytes
                    room[begin : self._end] = view[body:at]
                    self._due = due + 1
                    self._finish_marked()
                    room, filled = self._room_for(end - at), self._end
                    due, middle = self._due, _NONE
                    continue
            if order >> 16 & _CONTROL_MASK == control:
                break
            self._due, self._end = due, filled
            self.packet(buffer, view, at + _FRAME_HEAD, at + size)
            at += size
            due, middle, plain_start = self._due, self._middle, self._plain_start
            room, filled = self._room_for(end - at), self._end
        self._due, self._end = due, filled
        if filled > MAX_PENDING:
            raise garbage("access-unit-size")
        return at

    def access_unit(self, nals: Iterable[memoryview], timestamp: int, lost: int) -> None:
        """Take a whole access unit that did not come by RTP; `lost` counts what is known to be missing in it.

        Raises:
            CameraUnreachable: cause `garbage`, for an access unit beyond MAX_PENDING.
        """
        self._lost += lost
        if timestamp != self._timestamp:
            self._change_time(timestamp)
        for nal in nals:
            if self._is_nal(nal, 0, len(nal)):
                self._whole(nal, 0, len(nal))
            else:
                self._lost += 1
        if self._end > MAX_PENDING:
            raise garbage("access-unit-size")
        if self._has_slice:
            self._finish_unit()

    def interrupted(self) -> None:
        """The framing was lost: what is being joined may hold foreign bytes, and is given up."""
        self._lost += 1
        self._abandon()

    def packet(self, buffer: bytearray, view: memoryview, at: int, stop: int) -> None:
        """Take one RTP packet (RFC 3550 section 5.1) of any shape; a malformed one counts as lost, an empty one not."""
        if at == stop:
            return
        if stop - at < _RTP_BYTES or buffer[at] >> 6 != _RTP_VERSION:
            self._lost += 1
            return
        _, kind, sequence, timestamp, ssrc = _RTP.unpack_from(buffer, at)
        foreign = kind & 0x7F != self._payload_type
        if ssrc != self._ssrc:
            if foreign:
                return
            self._change_source(ssrc)
        if not self._in_order(sequence) or foreign:
            return
        if timestamp != self._timestamp:
            self._change_time(timestamp)
        begin, end = _payload(buffer, at, stop)
        if begin != end and not (begin < end and self._payload(buffer, view, begin, end)):
            self._lost += 1
            self._abandon()
        if kind & _MARKER:
            if self._nal_start != _NONE:
                self._finish_nal()
            if self._has_slice:
                self._finish_unit()

    @abstractmethod
    def _no_sets(self) -> Sets:
        """An empty store for the codec's parameter sets."""

    @abstractmethod
    def _payload(self, buffer: bytearray, view: memoryview, at: int, stop: int) -> bool:
        """Take an RTP payload that is not empty, by `_fragment`, `_aggregate` and `_whole`; False when malformed."""

    @abstractmethod
    def _note(self, start: int) -> None:
        """The NAL unit whose length stands at `start`, and which ends what is joined, is whole."""

    @abstractmethod
    def _is_nal(self, buffer: bytearray | memoryview, at: int, stop: int) -> bool:
        """Whether the bytes may be a NAL unit that stands alone in a packet, by its header."""

    @abstractmethod
    def _is_plain_slice(self, head: bytes) -> bool:
        """Whether a NAL unit with this header is a slice, and not of a random access point."""

    def _fragment(self, view: memoryview, at: int, stop: int, flags: int, head: bytes, middle: int) -> bool:
        """A fragment of the NAL unit whose header is `head`; its own bytes begin at `at`.

        `flags` is its fragment header, `middle` what `FRAME` reads of the unit's fragments between its first and its
        last. The middle of a unit whose start never came is passed over.
        """
        if flags & _FU_START:
            self._abandon()
            self._nal_start = self._end
            self._put(_NO_LENGTH + head)
            self._middle, self._is_plain = middle, False
            if self._is_plain_slice(head):
                self._plain_start, self._plain_head = middle & self.SHARED | _FU_START, _NO_LENGTH + head
        elif self._nal_start == _NONE:
            return True
        elif middle != self._middle:
            return False
        self._put(view[at:stop])
        if flags & _FU_END:
            self._finish_nal()
        return True

    def _aggregate(self, buffer: bytearray, view: memoryview, at: int, stop: int) -> bool:
        """NAL units behind their sizes in two bytes; what is whole before a malformed end stays."""
        while at + 2 <= stop:
            size = _SIZE.unpack_from(buffer, at)[0]
            at += 2
            if size > stop - at or not self._is_nal(buffer, at, at + size):
                return False
            self._whole(view, at, at + size)
            at += size
        return at == stop

    def _whole(self, view: memoryview, at: int, stop: int) -> None:
        self._nal_start = self._end
        self._put(_LENGTH.pack(stop - at))
        self._put(view[at:stop])
        self._finish_nal()

    def _abandon(self) -> None:
        """Forget the NAL unit that is being joined: it has a hole."""
        if self._nal_start != _NONE:
            self._end = self._nal_start
            self._nal_start = self._middle = _NONE

    def _finish_nal(self) -> None:
        start = self._nal_start
        self._nal_start = self._middle = _NONE
        _LENGTH.pack_into(self._out, start, self._end - start - 4)
        self._note(start)

    def _finish_marked(self) -> None:
        """The last fragment of a NAL unit has the marker; of a plain one there is nothing to note."""
        if self._is_plain:
            start, self._nal_start, self._middle = self._nal_start, _NONE, _NONE
            _LENGTH.pack_into(self._out, start, self._end - start - 4)
            self._finish_unit()
            return
        self._finish_nal()
        if self._has_slice:
            self._finish_unit()

    def _part(self, start: int) -> bool:
        """Write one NAL unit that holds start codes (Annex B) as the several that it is; False if it holds none."""
        if self._out.find(b"\0\0\1", start + 5, self._end) < 0:
            return False
        joined = bytes(self._room[start + 4 : self._end])
        self._end = start
        for part in joined.split(b"\0\0\1"):
            if nal := part.rstrip(b"\0"):
                self._nal_start = self._end
                self._put(_LENGTH.pack(len(nal)) + nal)
                self._finish_nal()
        return True

    def _note_slice(self, random_access: RandomAccess | None, *, first: bool) -> None:
        """A slice ends what is joined; `first`: it begins a picture. It says nothing of `random_access` where None."""
        if first and self._has_slice:
            self._part_pictures()
            return
        self._has_slice = True
        if random_access is not None:
            self._random_access = random_access
        self._begins_picture |= first and self._timestamp == self._told
        self._mark_slices_end()

    def _mark_slices_end(self) -> None:
        self._slices_end, self._at_slices_end = self._end, (self._random_access, self._sets_changed)

    def _part_pictures(self) -> None:
        """End the unit behind its last slice; all that follows is noted anew, with the picture that it begins."""
        rest, changed = memoryview(bytes(self._room[self._slices_end : self._end])), self._sets_changed
        self._end = self._slices_end
        self._random_access, self._sets_changed = self._at_slices_end
        self._finish_unit()
        self._sets_changed |= changed
        at = 0
        while at < len(rest):
            begin = at + _LENGTH.size
            at = begin + _LENGTH.unpack_from(rest, at)[0]
            self._whole(rest, begin, at)

    def _note_sets(self, start: int) -> None:
        self._sets_changed |= self._offer(bytes(self._room[start + 4 : self._end]))

    def _note_recovery_point(self) -> None:
        if self._random_access is RandomAccess.NONE:
            self._random_access = RandomAccess.RECOVERY_POINT

    def _note_suffix(self) -> None:
        """A NAL unit that only follows slices: behind the marker it still goes with the unit that was told."""
        self._has_slice |= self._timestamp == self._told
        self._mark_slices_end()

    def _offer(self, nal: bytes) -> bool:
        """A set that can not be read stays in the stream as it came, but says nothing about decoding."""
        try:
            return self._sets.offer(nal)
        except BadParameterSet:
            return False

    def _finish_unit(self) -> None:
        if self._nal_start != _NONE:
            self._abandon()
        random_access, self._random_access = self._random_access, RandomAccess.NONE
        if self._sets_changed and (random_access is not RandomAccess.NONE or self.config is None):
            self._sets_changed = False
            self.config = self._sets.config()
        lost, self._lost = self._lost, 0
        timestamp, told = self._timestamp, self._told
        joins = timestamp == told and not self._begins_picture
        self._told = timestamp
        self._has_slice = self._begins_picture = False
        self._sink.unit(timestamp, self._end - self._unit_start, random_access, lost, joins)
        self._unit_start = self._end

    def _change_source(self, ssrc: int) -> None:
        first = self._ssrc == _NONE
        if self._has_slice:
            self._finish_unit()
        self._abandon()
        self._ssrc, self._due, self._told = ssrc, _NONE, _NONE
        if not first:
            self._sink.source_changed()

    def _change_time(self, timestamp: int) -> None:
        if self._nal_start != _NONE:
            self._lost += 1
            self._abandon()
        if self._has_slice:
            self._finish_unit()
        self._timestamp = timestamp

    def _in_order(self, sequence: int) -> bool:
        """Count what is missing; False for a packet that came twice or late."""
        ahead = (sequence - self._due) & 0xFFFF if self._due != _NONE else 0
        if ahead > 0xFFFF - _MAX_MISORDER:
            return False
        if ahead:
            self._lost += ahead if ahead < _MAX_DROPOUT else 1
            self._abandon()
        self._due = self._plain | sequence + 1 & 0xFFFF
        return True

    def _room_for(self, more: int) -> memoryview:
        """The memory of what is joined, with room for so much more."""
        if self._end + more > len(self._out):
            self._room.release()
            extend(self._out, self._end + more)
            self._room = memoryview(self._out)
        return self._room

    def _put(self, data: bytes | memoryview) -> None:
        begin, end = self._end, self._end + len(data)
        self._room_for(len(data))[begin:end] = data
        self._end = end


def _payload(buffer: bytearray, at: int, stop: int) -> tuple[int, int]:
    """Begin and end of an RTP packet's payload, less contributing sources, extension and padding.

    Equal where the packet is empty, which is allowed; the end before the begin where it is malformed.
    """
    first = buffer[at]
    begin = at + _RTP_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if begin + 4 > stop:
            return 1, 0
        begin += 4 + 4 * _SIZE.unpack_from(buffer, begin + 2)[0]
    if first & 0x20:
        stop -= buffer[stop - 1]
    return begin, stop
