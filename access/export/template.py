"""A movie without samples, built by hand: PyAV takes a stream's parameters from an open input, and from nothing else.

ISO/IEC 14496-12 section 8; the sample entry is that of ISO/IEC 14496-15 with the stored configuration record.
"""

import struct
from typing import Final

from access.export.boxes import box, full_box
from access.export.descriptors import JPEG, jpeg_descriptor
from nvr.base.errors import EvidenceAtRisk
from nvr.base.units import TICKS_PER_SECOND
from storage.records import CodecConfig

CONFIGURATION: Final = {b"avc1": b"avcC", b"hvc1": b"hvcC", b"mp4v": b"esds"}
"""The box of the decoder configuration in each kind of sample entry."""

_UNITY_MATRIX: Final = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_NO_ENTRIES: Final = bytes(4)
_SAMPLE_ENTRY: Final = struct.Struct(
    ">"
    "6x"  # reserved
    "H"  # data_reference_index
    "16x"  # pre_defined, reserved
    "H"  # width
    "H"  # height
    "I"  # horizresolution, 16.16 pixels per inch
    "I"  # vertresolution
    "4x"  # reserved
    "H"  # frame_count per sample
    "32x"  # compressorname
    "H"  # depth: 24 = colour without alpha
    "h"  # pre_defined
)
_72_DPI: Final = 72 << 16


class CodecUnknown(EvidenceAtRisk):
    """No movie can be made of this codec; field `codec` names it."""

    message_id = "codec-unknown"


def sample_entry_type(codec: str) -> bytes:
    """The kind of sample entry for an RFC 6381 codec string: its first four characters.

    Raises:
        CodecUnknown: neither `avc1` nor `hvc1`, nor JPEG pictures.
    """
    kind = codec.partition(".")[0].encode()
    if kind not in CONFIGURATION or (kind == b"mp4v" and codec != JPEG):
        raise CodecUnknown(codec=codec)
    return kind


def template_movie(codec: CodecConfig) -> bytes:
    """A movie with one video track of this configuration and no samples, at 90 kHz.

    Raises:
        CodecUnknown: the codec has no sample entry here.
    """
    kind = sample_entry_type(codec.codec)
    entry = _SAMPLE_ENTRY.pack(1, codec.width, codec.height, _72_DPI, _72_DPI, 1, 24, -1)
    description = box(kind, entry, _configuration(kind, codec.extradata))
    sample_table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), description),
        full_box(b"stts", 0, 0, _NO_ENTRIES),
        full_box(b"stsc", 0, 0, _NO_ENTRIES),
        full_box(b"stsz", 0, 0, bytes(4), _NO_ENTRIES),
        full_box(b"stco", 0, 0, _NO_ENTRIES),
    )
    data_here = full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, TICKS_PER_SECOND, 0, _UNDETERMINED_LANGUAGE, 0)),
        full_box(b"hdlr", 0, 0, struct.pack(">I4s12xx", 0, b"vide")),
        box(b"minf", full_box(b"vmhd", 0, 1, bytes(8)), box(b"dinf", data_here), sample_table),
    )
    size = struct.pack(">II", codec.width << 16, codec.height << 16)
    track = full_box(b"tkhd", 0, 3, struct.pack(">IIIII16x", 0, 0, 1, 0, 0), _UNITY_MATRIX, size)
    movie = struct.pack(">IIIIiH10x", 0, 0, TICKS_PER_SECOND, 0, 1 << 16, 1 << 8)
    header = full_box(b"mvhd", 0, 0, movie, _UNITY_MATRIX, bytes(24), struct.pack(">I", 2))
    return box(b"ftyp", b"isom", bytes(4), b"isom") + box(b"moov", header, box(b"trak", track, media))


def _configuration(kind: bytes, record: bytes) -> bytes:
    """The box of the decoder configuration. JPEG has no record; its box only names the coding."""
    if kind == b"mp4v":
        return full_box(CONFIGURATION[kind], 0, 0, jpeg_descriptor())
    return box(CONFIGURATION[kind], record)


_UNDETERMINED_LANGUAGE: Final = 0x55C4
"""`und` in the packed form of ISO 639-2/T."""
