"""NAL units of a demuxed access unit, wherever the container marks their ends."""

from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Final

from recorder.errors import garbage

Parting = Callable[[bytes], Iterator[memoryview]]
"""Gives the NAL units of an access unit, without start codes and lengths."""

_START_CODE: Final = b"\0\0\1"
_VERSION: Final = 1
"""configurationVersion of avcC and hvcC; Annex B begins with a zero byte."""
_AVCC_SETS_AT: Final = 5
_HVCC_LISTS_AT: Final = 22
_WIDTH_AT: Final = MappingProxyType({"h264": 4, "hevc": 21})
"""Where the record says in two bits how wide lengths are, by FFmpeg's name of the coding."""


def parting_of(codec: str, extradata: bytes) -> Parting:
    """How access units are parted: by lengths where the container gave an avcC or hvcC record, else by start codes."""
    at = _WIDTH_AT[codec]
    if len(extradata) > at and extradata[0] == _VERSION:
        return partial(length_prefixed, width=(extradata[at] & 3) + 1)
    return annex_b


def parameter_sets(codec: str, extradata: bytes) -> tuple[bytes, ...]:
    """The parameter sets that the container keeps apart; what can not be read is left out, the stream may bring it."""
    if parting_of(codec, extradata) is annex_b:
        return tuple(bytes(nal) for nal in annex_b(extradata))
    found = _avcc_sets(extradata) if codec == "h264" else _hvcc_sets(extradata)
    return tuple(nal for nal in found if nal)


def whole(data: bytes) -> Iterator[memoryview]:
    """An access unit that has no parts, as a JPEG picture."""
    yield memoryview(data)


def _avcc_sets(record: bytes) -> list[bytes]:
    """SPS are counted in five bits, PPS in eight (ISO/IEC 14496-15 section 5.3.3.1.2)."""
    sps, at = _counted(record, _AVCC_SETS_AT + 1, int.from_bytes(record[_AVCC_SETS_AT : _AVCC_SETS_AT + 1], "big") & 31)
    pps, _ = _counted(record, at + 1, int.from_bytes(record[at : at + 1], "big"))
    return sps + pps


def _hvcc_sets(record: bytes) -> list[bytes]:
    """Lists of one kind each, whose sets are counted in two bytes (ISO/IEC 14496-15 section 8.3.3.1.2)."""
    found, at = [], _HVCC_LISTS_AT + 1
    for _ in range(int.from_bytes(record[_HVCC_LISTS_AT:at], "big")):
        listed, at = _counted(record, at + 3, int.from_bytes(record[at + 1 : at + 3], "big"))
        found += listed
    return found


def _counted(record: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    """So many sets, each behind its length in two bytes, as far as there are; and where they end."""
    found = []
    while count > 0 and at < len(record):
        size = int.from_bytes(record[at : at + 2], "big")
        found.append(record[at + 2 : at + 2 + size])
        at, count = at + 2 + size, count - 1
    return found, at


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
