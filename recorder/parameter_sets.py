"""H.264 parameter sets (ITU-T H.264 section 7.3.2): picture size, codec string, and the avcC record."""

# ruff: noqa: PLR2004 -- the numbers are those of the standard's syntax tables, whose sections stand beside them

from dataclasses import dataclass
from typing import Final

from nvr.base.errors import NvrError
from storage.records import CodecConfig

SPS: Final = 7
PPS: Final = 8

_HIGH_PROFILES: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose SPS names the chroma format (section 7.3.2.1.1)."""
_AVCC_HIGH: Final = frozenset({100, 110, 122, 144, 244})
"""Profiles whose avcC carries it too (ISO/IEC 14496-15 section 5.3.3.1.2)."""
_MAX_SET: Final = 4096
_MAX_SETS: Final = 31
"""The avcC counts SPS in five bits."""
_MAX_SIDE: Final = 16_384
_MAX_GOLOMB_ZEROS: Final = 31
_MAX_CYCLE: Final = 255


class BadParameterSet(NvrError):
    """The bytes are no parameter set that the standard allows; the stream may bring a good one."""

    message_id = "bad-parameter-set"


@dataclass(frozen=True, slots=True)
class Sps:
    """What the recorder needs of a sequence parameter set; sizes in pixels, after cropping."""

    set_id: int
    profile: int
    constraints: int
    level: int
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int

    @property
    def codec(self) -> str:
        """RFC 6381 section 3.3."""
        return f"avc1.{self.profile:02x}{self.constraints:02x}{self.level:02x}"


class _Bits:
    """Bits of a NAL unit's payload, emulation prevention bytes removed."""

    def __init__(self, payload: bytes) -> None:
        rbsp = payload.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(rbsp, "big")
        self._left = len(rbsp) * 8

    def read(self, count: int) -> int:
        """An unsigned number of `count` bits."""
        if count > self._left:
            raise BadParameterSet(why="too short")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """ue(v), section 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > _MAX_GOLOMB_ZEROS:
                raise BadParameterSet(why="code too long")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """se(v), section 9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def parse_sps(nal: bytes) -> Sps:
    """Read a sequence parameter set, its NAL header byte included.

    Raises:
        BadParameterSet: too short, too long, or with a size that no camera has.
    """
    if not 4 <= len(nal) <= _MAX_SET or nal[0] & 0x1F != SPS:
        raise BadParameterSet(why="not a sequence parameter set")
    profile, constraints, level = nal[1:4]
    bits = _Bits(nal[4:])
    set_id = bits.unsigned()
    chroma, luma_depth, chroma_depth = _chroma(bits) if profile in _HIGH_PROFILES else (1, 8, 8)
    bits.unsigned()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.read(1)  # gaps_in_frame_num_value_allowed_flag
    width, height = _size(bits, chroma)
    return Sps(
        set_id=set_id,
        profile=profile,
        constraints=constraints,
        level=level,
        chroma_format=chroma,
        bit_depth_luma=luma_depth,
        bit_depth_chroma=chroma_depth,
        width=width,
        height=height,
    )


def _chroma(bits: _Bits) -> tuple[int, int, int]:
    chroma = bits.unsigned()
    if chroma > 3:
        raise BadParameterSet(why="chroma format")
    if chroma == 3 and bits.read(1):
        chroma = 0  # separate_colour_plane_flag: ChromaArrayType is 0 (section 7.4.2.1.1)
    luma_depth, chroma_depth = bits.unsigned() + 8, bits.unsigned() + 8
    if max(luma_depth, chroma_depth) > 14:
        raise BadParameterSet(why="bit depth")
    bits.read(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.read(1):  # seq_scaling_matrix_present_flag
        for index in range(12 if chroma == 3 else 8):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, luma_depth, chroma_depth


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last, following = 8, 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.read(1)  # delta_pic_order_always_zero_flag
        bits.signed()
        bits.signed()
        cycle = bits.unsigned()
        if cycle > _MAX_CYCLE:
            raise BadParameterSet(why="picture order cycle")
        for _ in range(cycle):
            bits.signed()


def _size(bits: _Bits, chroma: int) -> tuple[int, int]:
    """Width and height by section 7.4.2.1.1, equations 7-19 to 7-22."""
    width = (bits.unsigned() + 1) * 16
    map_units = bits.unsigned() + 1
    frames_only = bits.read(1)
    if not frames_only:
        bits.read(1)  # mb_adaptive_frame_field_flag
    fields = 2 - frames_only
    height = map_units * 16 * fields
    bits.read(1)  # direct_8x8_inference_flag
    if bits.read(1):
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * fields
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise BadParameterSet(why="picture size")
    return width, height


class ParameterSets:
    """The parameter sets in force, by id; the newest of each id counts (section 7.4.1.2.1).

    Zero bytes behind a NAL unit are not part of it (Annex B, trailing_zero_8bits); some cameras put them into their
    SDP and not into the stream, which must not look like a change.
    """

    def __init__(self) -> None:
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}
        self._first: Sps | None = None

    def offer(self, nal: bytes) -> bool:
        """Take an SPS or PPS; whether anything changed.

        Raises:
            BadParameterSet: the bytes are neither; what was in force stays.
        """
        nal = nal.rstrip(b"\0")
        if nal in self._sps.values() or nal in self._pps.values():
            return False
        if not 2 <= len(nal) <= _MAX_SET:
            raise BadParameterSet(why="length")
        if nal[0] & 0x1F == SPS:
            sps = parse_sps(nal)
            self._keep(self._sps, sps.set_id, nal)
            self._first = parse_sps(next(iter(self._sps.values())))
        elif nal[0] & 0x1F == PPS:
            self._keep(self._pps, _Bits(nal[1:]).unsigned(), nal)
        else:
            raise BadParameterSet(why="not a parameter set")
        return True

    def config(self) -> CodecConfig | None:
        """How to decode with the sets in force; None until there is one of each kind."""
        if self._first is None or not self._pps:
            return None
        return CodecConfig(
            codec=self._first.codec,
            extradata=_avcc(self._first, list(self._sps.values()), list(self._pps.values())),
            width=self._first.width,
            height=self._first.height,
        )

    @staticmethod
    def _keep(sets: dict[int, bytes], set_id: int, nal: bytes) -> None:
        if set_id not in sets and len(sets) >= _MAX_SETS:
            raise BadParameterSet(why="too many sets")
        sets[set_id] = nal


def _avcc(first: Sps, sps: list[bytes], pps: list[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.1."""
    record = bytearray([1, first.profile, first.constraints, first.level, 0xFC | 3, 0xE0 | len(sps)])
    for nal in sps:
        record += len(nal).to_bytes(2, "big") + nal
    record.append(len(pps))
    for nal in pps:
        record += len(nal).to_bytes(2, "big") + nal
    if first.profile in _AVCC_HIGH:
        record += bytes(
            [0xFC | first.chroma_format, 0xF8 | first.bit_depth_luma - 8, 0xF8 | first.bit_depth_chroma - 8, 0]
        )
    return bytes(record)
