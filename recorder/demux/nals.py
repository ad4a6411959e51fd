"""NAL units of a demuxed access unit, wherever the container marks their ends."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from recorder.errors import garbage

Parting = Callable[[bytes], Iterator[memoryview]]
"""Gives the NAL units of an access unit, without start codes and lengths."""

_START_CODE: Final = b"\0\0\1"
_AVCC: Final = 1
"""configurationVersion of an avcC record; Annex B begins with a zero byte."""
_AVCC_SETS_AT: Final = 5


def parting_of(extradata: bytes) -> Parting:
    """How access units are parted: by lengths where the container gave an avcC record, else by start codes."""
    if len(extradata) > _AVCC_SETS_AT and extradata[0] == _AVCC:
        return partial(length_prefixed, width=(extradata[4] & 3) + 1)
    return annex_b


def parameter_sets(extradata: bytes) -> tuple[bytes, ...]:
    """The parameter sets that the container keeps apart; what can not be read is left out, the stream may bring it."""
    if parting_of(extradata) is annex_b:
        return tuple(bytes(nal) for nal in annex_b(extradata))
    found, at = [], _AVCC_SETS_AT
    for mask in (0x1F, 0xFF):  # SPS are counted in five bits, PPS in eight (ISO/IEC 14496-15 section 5.3.3.1.2)
        if at >= len(extradata):
            break
        count = extradata[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            found.append(extradata[at + 2 : at + 2 + size])
            at += 2 + size
    return tuple(nal for nal in found if nal)


def whole(data: bytes) -> Iterator[memoryview]:
    """An access unit that has no parts, as a JPEG picture."""
    yield memoryview(data)


def annex_b(data: bytes) -> Iterator[memoryview]:
    """ITU-T H.264 annex B: start codes between the units; zero bytes behind a unit are none of it."""
    view = memoryview(data)
    at = data.find(_START_CODE)
    while at >= 0:
        begin = at + len(_START_CODE)
        at = data.find(_START_CODE, begin)
        end = at if at >= 0 else len(data)
        while end > begin and not data[end - 1]:
            end -= 1
        if end > begin:
            yield view[begin:end]


def length_prefixed(data: bytes, *, width: int) -> Iterator[memoryview]:
    """ISO/IEC 14496-15: each unit behind its length of `width` bytes.

    Raises:
        CameraUnreachable: cause `garbage`: a length points beyond the access unit.
    """
    view = memoryview(data)
    at, end = 0, len(data)
    while at < end:
        begin = at + width
        at = begin + int.from_bytes(view[at:begin], "big")
        if begin >= at or at > end:
            raise garbage("nal-length")
        yield view[begin:at]
