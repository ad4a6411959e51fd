"""H.265 parameter sets (ITU-T H.265 section 7.3.2): picture size, codec string, and the hvcC record."""

# ruff: noqa: PLR2004 -- the numbers are those of the standard's syntax tables, whose sections stand beside them

from dataclasses import dataclass
from typing import Final

from recorder.parameter_sets import MAX_SET, MAX_SIDE, BadParameterSet, Bits, ParameterSets, counted
from storage.records import CodecConfig

VPS: Final = 32
SPS: Final = 33
PPS: Final = 34

_COMPLETE: Final = 0x80
"""array_completeness, which `hvc1` demands: a set that changes begins a segment with a record of its own."""


@dataclass(frozen=True, slots=True)
class ProfileTierLevel:
    """The general part of profile_tier_level (section 7.3.3)."""

    space: int
    tier: int
    profile: int
    compatibility: int
    constraints: int
    level: int

    @property
    def packed(self) -> bytes:
        """As it stands in an SPS and in hvcC alike: 12 bytes."""
        first = self.space << 6 | self.tier << 5 | self.profile
        return b"".join(
            (
                bytes([first]),
                self.compatibility.to_bytes(4, "big"),
                self.constraints.to_bytes(6, "big"),
                bytes([self.level]),
            )
        )

    @property
    def codec(self) -> str:
        """RFC 6381 section 3.3 and ISO/IEC 14496-15 annex E.3."""
        space = ("", "A", "B", "C")[self.space]
        compatibility = int(f"{self.compatibility:032b}"[::-1], 2)
        constraints = self.constraints.to_bytes(6, "big").rstrip(b"\0")
        parts = [f"hvc1.{space}{self.profile}", f"{compatibility:X}", f"{'LH'[self.tier]}{self.level}"]
        return ".".join([*parts, *(f"{byte:X}" for byte in constraints)])


@dataclass(frozen=True, slots=True)
class Sps:
    """What the recorder needs of a sequence parameter set; sizes in pixels, within the conformance window."""

    set_id: int
    sub_layers: int
    nested: int
    general: ProfileTierLevel
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int


def nal_type(nal: bytes | bytearray | memoryview, at: int = 0) -> int:
    """nal_unit_type of the header at `at` (section 7.3.1.2)."""
    return nal[at] >> 1 & 0x3F


def parse_sps(nal: bytes) -> Sps:
    """Read a sequence parameter set (section 7.3.2.2.1), its NAL header included.

    Raises:
        BadParameterSet: too short, too long, or with a size that no camera has.
    """
    if not 2 < len(nal) <= MAX_SET or nal_type(nal) != SPS:
        raise BadParameterSet(why="not a sequence parameter set")
    bits = Bits(nal[2:])
    bits.read(4)  # sps_video_parameter_set_id
    sub_layers = bits.read(3) + 1
    nested = bits.read(1)
    if sub_layers > 7:
        raise BadParameterSet(why="sub-layers")
    general = _profile_tier_level(bits, sub_layers)
    set_id = bits.unsigned()
    chroma = bits.unsigned()
    if set_id > 15 or chroma > 3:
        raise BadParameterSet(why="id or chroma format")
    if chroma == 3 and bits.read(1):
        chroma = 0  # separate_colour_plane_flag: ChromaArrayType is 0 (section 7.4.3.2.1)
    width, height = _size(bits, chroma)
    luma_depth, chroma_depth = bits.unsigned() + 8, bits.unsigned() + 8
    if max(luma_depth, chroma_depth) > 15:
        raise BadParameterSet(why="bit depth")
    return Sps(set_id, sub_layers, nested, general, chroma, luma_depth, chroma_depth, width, height)


def _profile_tier_level(bits: Bits, sub_layers: int) -> ProfileTierLevel:
    general = ProfileTierLevel(bits.read(2), bits.read(1), bits.read(5), bits.read(32), bits.read(48), bits.read(8))
    present = [(bits.read(1), bits.read(1)) for _ in range(sub_layers - 1)]
    if present:
        bits.read(2 * (8 - len(present)))  # reserved_zero_2bits
    for has_profile, has_level in present:
        bits.read(88 * has_profile + 8 * has_level)
    return general


def _size(bits: Bits, chroma: int) -> tuple[int, int]:
    """Width and height by section 7.4.3.2.1, less the conformance window."""
    width, height = bits.unsigned(), bits.unsigned()
    if bits.read(1):
        unit_x, unit_y = 2 if chroma in (1, 2) else 1, 2 if chroma == 1 else 1
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BadParameterSet(why="picture size")
    return width, height


class H265Sets(ParameterSets):
    """VPS, SPS and PPS in force."""

    def __init__(self) -> None:
        super().__init__()
        self._first: Sps | None = None

    def config(self) -> CodecConfig | None:
        """With hvcC and `hvc1`."""
        first, vps, pps = self._first, self._of(VPS), self._of(PPS)
        if first is None or not vps or not pps:
            return None
        return CodecConfig(
            codec=first.general.codec,
            extradata=_hvcc(first, {VPS: vps, SPS: self._of(SPS), PPS: pps}),
            width=first.width,
            height=first.height,
        )

    def _identify(self, nal: bytes) -> tuple[int, int]:
        kind = nal_type(nal)
        if kind == SPS:
            return kind, parse_sps(nal).set_id
        if kind == PPS:
            return kind, Bits(nal[2:]).unsigned()
        if kind == VPS:
            return kind, Bits(nal[2:]).read(4)
        raise BadParameterSet(why="not a parameter set")

    def _changed(self, kind: int) -> None:
        if kind == SPS:
            self._first = parse_sps(self._of(SPS)[0])


def _hvcc(first: Sps, arrays: dict[int, list[bytes]]) -> bytes:
    """HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 8.3.3.1.

    The least spatial segmentation, the kind of parallelism and the mean frame rate are told as unknown (0).
    """
    record = b"\1" + first.general.packed
    record += bytes([0xF0, 0, 0xFC, 0xFC | first.chroma_format, 0xF8 | first.bit_depth_luma - 8])
    record += bytes([0xF8 | first.bit_depth_chroma - 8, 0, 0, first.sub_layers << 3 | first.nested << 2 | 3])
    record += bytes([len(arrays)])
    for kind, sets in arrays.items():
        record += bytes([_COMPLETE | kind]) + len(sets).to_bytes(2, "big") + counted(sets)
    return record
