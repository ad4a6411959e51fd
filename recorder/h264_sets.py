"""H.264 parameter sets (ITU-T H.264 section 7.3.2): picture size, codec string, and the avcC record."""

# ruff: noqa: PLR2004 -- the numbers are those of the standard's syntax tables, whose sections stand beside them

from dataclasses import dataclass
from typing import Final

from recorder.parameter_sets import MAX_SET, MAX_SIDE, BadParameterSet, Bits, ParameterSets, counted
from storage.records import CodecConfig

SPS: Final = 7
PPS: Final = 8

_HIGH_PROFILES: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose SPS names the chroma format (section 7.3.2.1.1)."""
_AVCC_HIGH: Final = frozenset({100, 110, 122, 144, 244})
"""Profiles whose avcC carries it too (ISO/IEC 14496-15 section 5.3.3.1.2)."""
_MAX_CYCLE: Final = 255


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
    frames_only: bool
    """Every picture is a whole frame: no two fields share a time stamp."""
    width: int
    height: int

    @property
    def codec(self) -> str:
        """RFC 6381 section 3.3."""
        return f"avc1.{self.profile:02x}{self.constraints:02x}{self.level:02x}"


def parse_sps(nal: bytes) -> Sps:
    """Read a sequence parameter set, its NAL header byte included.

    Raises:
        BadParameterSet: too short, too long, or with a size that no camera has.
    """
    if not 4 <= len(nal) <= MAX_SET or nal[0] & 0x1F != SPS:
        raise BadParameterSet(why="not a sequence parameter set")
    profile, constraints, level = nal[1:4]
    bits = Bits(nal[4:])
    set_id = bits.unsigned()
    chroma, luma_depth, chroma_depth = _chroma(bits) if profile in _HIGH_PROFILES else (1, 8, 8)
    bits.unsigned()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.read(1)  # gaps_in_frame_num_value_allowed_flag
    width, height, frames_only = _size(bits, chroma)
    return Sps(
        set_id=set_id,
        profile=profile,
        constraints=constraints,
        level=level,
        chroma_format=chroma,
        bit_depth_luma=luma_depth,
        bit_depth_chroma=chroma_depth,
        frames_only=frames_only,
        width=width,
        height=height,
    )


def _chroma(bits: Bits) -> tuple[int, int, int]:
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


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last, following = 8, 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_order(bits: Bits) -> None:
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


def _size(bits: Bits, chroma: int) -> tuple[int, int, bool]:
    """Width and height, and whether there are only frames, by section 7.4.2.1.1, equations 7-19 to 7-22."""
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
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BadParameterSet(why="picture size")
    return width, height, bool(frames_only)


class H264Sets(ParameterSets):
    """SPS and PPS in force."""

    def __init__(self) -> None:
        super().__init__()
        self._first: Sps | None = None
        self.frames_only = False
        """Whether every picture is known to be a whole frame."""

    def config(self) -> CodecConfig | None:
        """With avcC and `avc1`."""
        first, pps = self._first, self._of(PPS)
        if first is None or not pps:
            return None
        return CodecConfig(
            codec=first.codec, extradata=_avcc(first, self._of(SPS), pps), width=first.width, height=first.height
        )

    def _identify(self, nal: bytes) -> tuple[int, int]:
        kind = nal[0] & 0x1F
        if kind == SPS:
            return kind, parse_sps(nal).set_id
        if kind == PPS:
            return kind, Bits(nal[1:]).unsigned()
        raise BadParameterSet(why="not a parameter set")

    def _changed(self, kind: int) -> None:
        if kind == SPS:
            self._first = parse_sps(self._of(SPS)[0])
            self.frames_only = self._first.frames_only


def _avcc(first: Sps, sps: list[bytes], pps: list[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.1."""
    record = bytes([1, first.profile, first.constraints, first.level, 0xFC | 3, 0xE0 | len(sps)]) + counted(sps)
    record += bytes([len(pps)]) + counted(pps)
    if first.profile in _AVCC_HIGH:
        record += bytes(
            [0xFC | first.chroma_format, 0xF8 | first.bit_depth_luma - 8, 0xF8 | first.bit_depth_chroma - 8, 0]
        )
    return record
