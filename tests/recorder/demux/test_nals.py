import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.demux.nals import annex_b, length_prefixed, parameter_sets, parting_of
from recorder.errors import CameraUnreachable
from recorder.h264_sets import H264Sets
from recorder.h265_sets import H265Sets
from recorder.parameter_sets import ParameterSets
from tests.recorder.rtp import PPS, PPS_265, SPS, SPS_265, VPS_265, idr, inter

SETS_265 = (VPS_265, SPS_265, PPS_265)

# No zero byte: emulation prevention keeps start codes out of units, and no unit ends with one.
NALS = st.lists(st.binary(min_size=1, max_size=40).map(lambda data: data.replace(b"\0", b"\1")), min_size=1, max_size=8)


@given(NALS, st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_start_codes_of_any_length_and_trailing_zeros_are_no_part_of_a_unit(
    nals: list[bytes], zeros: list[int]
) -> None:
    data = b"".join(b"\0" * zeros[at] + b"\0\0\1" + nal for at, nal in enumerate(nals)) + b"\0" * zeros[0]
    assert [bytes(nal) for nal in annex_b(data)] == nals


@given(NALS, st.sampled_from([1, 2, 4]))
def test_lengths_of_any_width_part_the_units(nals: list[bytes], width: int) -> None:
    data = b"".join(len(nal).to_bytes(width, "big") + nal for nal in nals)
    assert [bytes(nal) for nal in length_prefixed(data, width=width)] == nals


@pytest.mark.parametrize("data", [b"\0\0\0\5abc", b"\0\0\0\0", b"\0\0"])
def test_length_that_points_beyond_the_unit_is_garbage(data: bytes) -> None:
    with pytest.raises(CameraUnreachable, match="garbage"):
        list(length_prefixed(data, width=4))


@given(st.sampled_from(["h264", "hevc"]), st.binary(max_size=200), st.binary(max_size=60), st.booleans())
def test_any_bytes_give_units_or_garbage(codec: str, data: bytes, extradata: bytes, record: bool) -> None:
    extradata = b"\1" + extradata if record else extradata
    assert all(parameter_sets(codec, extradata))
    try:
        units = list(parting_of(codec, extradata)(data))
    except CameraUnreachable:
        return
    assert all(len(nal) for nal in units)
    assert sum(map(len, units)) <= len(data)


@pytest.mark.parametrize(
    ("codec", "sets", "nals"), [("h264", H264Sets(), (SPS, PPS)), ("hevc", H265Sets(), SETS_265)], ids=["avcC", "hvcC"]
)
def test_sets_are_found_in_a_record_and_behind_start_codes(
    codec: str, sets: ParameterSets, nals: tuple[bytes, ...]
) -> None:
    assert parameter_sets(codec, record_of(sets, nals)) == nals
    assert parameter_sets(codec, b"\0\0\0\1" + b"\0\0\1".join(nals)) == nals
    assert parameter_sets(codec, b"") == ()


def record_of(sets: ParameterSets, nals: tuple[bytes, ...]) -> bytes:
    for nal in nals:
        sets.offer(nal)
    config = sets.config()
    assert config is not None
    return config.extradata


@pytest.mark.parametrize("whole", range(30, 90, 7))
def test_record_that_is_cut_short_gives_the_sets_that_are_there(whole: int) -> None:
    record = record_of(H265Sets(), SETS_265)
    found = parameter_sets("hevc", record[:whole])
    assert [one.startswith(cut) for one, cut in zip(SETS_265, found, strict=False)] == [True] * len(found)


def test_container_says_how_units_are_parted() -> None:
    data = b"\0\0\0\x28" + idr(40) + b"\0\0\0\x14" + inter(20)
    avcc = b"\1\x42\xc0\x0c\xff\xe0\0"
    hvcc = record_of(H265Sets(), SETS_265)
    for codec, record in (("h264", avcc), ("hevc", hvcc)):
        assert [bytes(nal) for nal in parting_of(codec, record)(data)] == [idr(40), inter(20)]
        assert [bytes(nal) for nal in parting_of(codec, b"\0\0\0\1" + SPS)(b"\0\0\1" + idr(40))] == [idr(40)]
    narrow = hvcc[:21] + bytes([hvcc[21] & 0xFC | 1]) + hvcc[22:]
    assert [bytes(nal) for nal in parting_of("hevc", narrow)(b"\0\x28" + idr(40))] == [idr(40)]
