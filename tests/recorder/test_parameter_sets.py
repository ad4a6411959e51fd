import pytest

from recorder.h264_sets import H264Sets
from recorder.h265_sets import H265Sets
from recorder.parameter_sets import BadParameterSet, Bits, ParameterSets
from tests.recorder.rtp import PPS, PPS_265, SPS, SPS_265, SPS_265_LARGE, SPS_LARGE, VPS_265

STREAMS = pytest.mark.parametrize(
    ("kind", "nals", "other"),
    [(H264Sets, (SPS, PPS), SPS_LARGE), (H265Sets, (VPS_265, SPS_265, PPS_265), SPS_265_LARGE)],
)


@STREAMS
def test_set_that_is_known_is_no_change_even_with_zeros_behind_it(
    kind: type[ParameterSets], nals: tuple[bytes, ...], other: bytes
) -> None:
    sets = kind()
    assert [sets.offer(nal) for nal in nals] == [True] * len(nals)
    assert [sets.offer(nal + b"\0\0") for nal in nals] == [False] * len(nals)


@STREAMS
def test_newer_set_of_one_id_takes_the_place_of_the_older(
    kind: type[ParameterSets], nals: tuple[bytes, ...], other: bytes
) -> None:
    sets = kind()
    for nal in (*nals, other):
        sets.offer(nal)
    config = sets.config()
    assert config is not None
    assert config.width == 1920
    assert nals[-2] not in config.extradata
    assert sets.offer(nals[-2])


def test_codes_are_read_without_emulation_prevention() -> None:
    bits = Bits(b"\0\0\3\1\0\0\3\0\x80")
    assert bits.read(32) == 0x10000 >> 8
    assert bits.read(16) == 0
    assert bits.unsigned() == 0
    with pytest.raises(BadParameterSet, match="too short"):
        bits.read(8)
