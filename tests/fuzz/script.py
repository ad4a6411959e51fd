"""Bytes as the story of a camera's packets: what a fuzzer changes is which packets come, and what is in them."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.recorder.rtp import frame

CHANNEL: Final = 0
PAYLOAD_TYPE: Final = 96
MAX_DROPOUT: Final = 3000
"""A larger step of the sequence is one lost packet (RFC 3550 appendix A.1)."""
FEW: Final = 100
"""Fewer packets back are late ones."""

CANARY: Final = b"\xfe\xed\xc0"
"""Begins every synchronisation source: what holds it was read beyond a packet's end."""

_MARKER: Final = 0x01
_NEXT_TIME: Final = 0x02
_LEAP: Final = 0x04
_SKIP: Final = 0x08
_KIND: Final = 0xF0
_LONG: Final = 0xC0
_FOREIGN: Final = 0xD0
_SOURCE: Final = 0xE0
_RAW: Final = 0xF0
"""Kinds of packet; all others are plain ones, so that most of any bytes are a camera's."""
_LEAPS_90K: Final = (-(1 << 31), -90_000 * 60, -90_000, -7200, -1, 1, 9000, 90_000, 270_000, 90_000 * 3600)
_SKIPS: Final = (-200, -99, -2, -1, 1, 2, 50, 2999, 3000, 30_000)
_REPEATS: Final = 20


@dataclass(frozen=True, slots=True)
class Packet:
    """One interleaved frame, and how many packets before it are missing by the sequence numbers.

    `missing` is None where the fuzzer wrote the header itself, or began another source: nothing is known then.
    """

    frame: bytes
    missing: int | None


def packets(data: bytes) -> Iterator[Packet]:
    """Each packet is a byte of flags, one for each leap, skip and source that they ask for, a length, the payload."""
    source = _Bytes(data)
    sequence, timestamp, source_id = 65_530, 1000, 7
    expected: int | None = None
    while not source.empty:
        flags = source.byte()
        kind = flags & _KIND
        if kind == _RAW:
            yield Packet(frame(source.byte() & 3, source.take(source.byte())), None)
            continue
        timestamp += 3600 if flags & _NEXT_TIME else 0
        timestamp += _LEAPS_90K[source.byte() % len(_LEAPS_90K)] if flags & _LEAP else 0
        sequence += _SKIPS[source.byte() % len(_SKIPS)] if flags & _SKIP else 0
        source_id = source.byte() if kind == _SOURCE else source_id
        payload = source.take(source.byte()) * (_REPEATS if kind == _LONG else 1)
        typed = (PAYLOAD_TYPE + (kind == _FOREIGN)) | (0x80 if flags & _MARKER else 0)
        head = struct.pack(">BBHI", 0x80, typed, sequence & 0xFFFF, timestamp & 0xFFFFFFFF)
        head += CANARY + bytes((source_id,))
        ahead = (sequence - expected) & 0xFFFF if expected is not None else 0
        is_late = ahead > 0xFFFF - FEW
        missing = 0 if is_late else ahead if ahead < MAX_DROPOUT else 1
        yield Packet(frame(CHANNEL, head + payload), None if kind == _SOURCE else missing)
        sequence += 1
        if not is_late and not (expected is None and kind == _FOREIGN):
            expected = sequence & 0xFFFF


def damaged(payloads: Sequence[bytes]) -> bytes:
    """The script of these payloads with leaps of time and missing packets between them, and some of another kind."""
    made = []
    for number, payload in enumerate(payloads):
        length = len(payload)
        made.append(bytes((_MARKER | _NEXT_TIME | _SKIP, 4 + number % 2, length)) + payload)
        made.append(bytes((_MARKER | _LEAP, number, length)) + payload)
        made.append(bytes((_FOREIGN, 3)) + b"abc")
    return b"".join(made)


def story(payloads: Sequence[bytes]) -> bytes:
    """The script of these payloads, one after the other, each an access unit of its own."""
    return b"".join(bytes((_MARKER | _NEXT_TIME, len(payload))) + payload for payload in payloads)


def parts(payloads: Sequence[bytes]) -> bytes:
    """The script of one access unit that comes in these payloads."""
    flags = [_NEXT_TIME, *[0] * (len(payloads) - 1)]
    flags[-1] |= _MARKER
    return b"".join(bytes((flag, len(p))) + p for flag, p in zip(flags, payloads, strict=True))


class _Bytes:
    """Read from the front; behind the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def empty(self) -> bool:
        return self._at >= len(self._data)

    def byte(self) -> int:
        taken = self.take(1)
        return taken[0] if taken else 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken
