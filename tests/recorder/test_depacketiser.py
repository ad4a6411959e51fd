"""What holds for every coding; each test runs with H.264 and with H.265."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder import depacketiser as module
from recorder.codecs import AnyDepacketiser, depacketiser_of
from recorder.errors import CameraUnreachable
from recorder.h264 import H264Depacketiser
from recorder.h265 import H265Depacketiser
from storage.records import RandomAccess
from tests.recorder import rtp
from tests.recorder.depacketised import depacketiser_for, feed, nals_of, units_of
from tests.recorder.rtp import Packets, frame, sample


@dataclass(frozen=True)
class Coding:
    """The same stream in one coding or another."""

    kind: AnyDepacketiser
    sets: tuple[bytes, ...]
    large: bytes
    user: bytes
    recovery: bytes
    key: Callable[[int, int], bytes]
    inter: Callable[[int, int], bytes]
    fragments: Callable[[bytes, int], list[bytes]]

    def idr(self, size: int = 40, fill: int = 0x11) -> bytes:
        return self.key(size, fill)

    def p(self, size: int = 20, fill: int = 0x22) -> bytes:
        return self.inter(size, fill)


H264 = Coding(
    H264Depacketiser,
    (rtp.SPS, rtp.PPS),
    rtp.SPS_LARGE,
    rtp.SEI_USER,
    rtp.SEI_RECOVERY,
    rtp.idr,
    rtp.inter,
    rtp.fragments,
)
H265 = Coding(
    H265Depacketiser,
    (rtp.VPS_265, rtp.SPS_265, rtp.PPS_265),
    rtp.SPS_265_LARGE,
    rtp.SEI_265_USER,
    rtp.SEI_265_RECOVERY,
    lambda size, fill: rtp.slice_265(19, size, fill),
    lambda size, fill: rtp.slice_265(1, size, fill),
    rtp.fragments_265,
)
CODINGS = pytest.mark.parametrize("coding", [H264, H265], ids=["h264", "h265"])


def test_every_encoding_has_its_depacketiser() -> None:
    assert (depacketiser_of("H264"), depacketiser_of("H265")) == (H264Depacketiser, H265Depacketiser)


@CODINGS
def test_sequence_numbers_and_time_stamps_wrap_without_loss(coding: Coding) -> None:
    packets = Packets(sequence=65_535)
    stream = packets.unit(0xFFFFFFFF, coding.fragments(coding.idr(900), 100)) + packets.unit(3599, [coding.p()])
    assert [(unit.timestamp, unit.lost) for unit in units_of(coding.kind, stream)] == [(0xFFFFFFFF, 0), (3599, 0)]


@CODINGS
def test_unit_without_marker_ends_at_the_next_time_stamp(coding: Coding) -> None:
    packets = Packets()
    stream = packets.unit(0, [coding.idr()], marker=False) + packets.unit(3600, [coding.p()], marker=False)
    assert [unit.data for unit in units_of(coding.kind, stream)] == [sample(coding.idr())]


@CODINGS
def test_parameter_sets_with_marker_or_time_stamp_of_their_own_go_with_the_picture(coding: Coding) -> None:
    packets = Packets()
    stream = [each for at, nal in enumerate(coding.sets) for each in packets.unit(at, [nal])]
    stream += packets.unit(3600, [coding.idr()])
    units = units_of(coding.kind, stream)
    assert [(unit.timestamp, unit.data) for unit in units] == [(3600, sample(*coding.sets, coding.idr()))]


@CODINGS
def test_second_part_of_a_picture_with_two_markers_joins_the_first(coding: Coding) -> None:
    packets = Packets()
    stream = packets.unit(0, [coding.idr()]) + packets.unit(0, [coding.idr(30, 0x44)])
    stream += packets.unit(3600, [coding.p()])
    assert [unit.joins for unit in units_of(coding.kind, stream, coding.sets)] == [False, True, False]


@CODINGS
def test_pictures_under_a_time_stamp_that_stands_still_stay_apart(coding: Coding) -> None:
    packets = Packets()
    stream = [each for _ in range(3) for each in packets.unit(0, [coding.idr(40, 0x99), coding.idr(30, 0x44)])]
    units = units_of(coding.kind, stream, coding.sets)
    assert [unit.joins for unit in units] == [False, False, False]
    assert {unit.data for unit in units} == {sample(coding.idr(40, 0x99), coding.idr(30, 0x44))}


@CODINGS
@pytest.mark.parametrize("markers", range(4))
def test_two_pictures_with_one_time_stamp_and_no_marker_stay_apart(coding: Coding, markers: int) -> None:
    first = [*coding.sets, coding.idr(60, 0x99), coding.idr(30, 0x44)]
    second = [coding.recovery, coding.user, *coding.fragments(coding.p(300, 0x99), 90), coding.p(30, 0x44)]
    packets = Packets()
    stream = packets.unit(0, first, marker=bool(markers & 1)) + packets.unit(0, second, marker=bool(markers & 2))
    stream += packets.unit(3600, [coding.p(20, 0x99)])
    units = units_of(coding.kind, stream, coding.sets)
    assert [(unit.timestamp, unit.data, unit.random_access, unit.joins) for unit in units] == [
        (0, sample(*first), RandomAccess.IDR, False),
        (
            0,
            sample(coding.recovery, coding.user, coding.p(300, 0x99), coding.p(30, 0x44)),
            RandomAccess.RECOVERY_POINT,
            False,
        ),
        (3600, sample(coding.p(20, 0x99)), RandomAccess.NONE, False),
    ]


@CODINGS
def test_sets_between_two_pictures_under_one_time_stamp_count_from_the_second(coding: Coding) -> None:
    depacketiser, units = depacketiser_for(coding.kind, coding.sets)
    before, packets = depacketiser.config, Packets()
    nals = [coding.idr(60, 0x99), coding.large, coding.idr(60, 0x99)]
    feed(depacketiser, b"".join(packets.unit(0, nals[:1], marker=False) + packets.unit(0, nals[1:], marker=False)))
    assert (depacketiser.config is before, [unit.data for unit in units.units]) == (True, [sample(nals[0])])
    feed(depacketiser, b"".join(packets.unit(3600, [coding.p()])))
    assert [unit.data for unit in units.units[1:]] == [sample(*nals[1:]), sample(coding.p())]
    assert depacketiser.config is not None
    assert depacketiser.config.width == 1920


@CODINGS
@pytest.mark.parametrize("lost", range(2, 11))
def test_nal_unit_with_a_hole_is_never_written_and_the_rest_of_the_picture_is(coding: Coding, lost: int) -> None:
    packets = Packets()
    nals = (*coding.sets[-2:], coding.idr(700), coding.idr(200, 0x33))
    slices = [*coding.fragments(coding.idr(700), 100), *coding.fragments(coding.idr(200, 0x33), 100)]
    first = packets.unit(0, [*coding.sets[-2:], *slices])
    second = packets.unit(3600, [coding.p()])
    del first[lost]
    units = units_of(coding.kind, first + second, coding.sets)
    whole = [nal for nal in nals if sample(nal) in units[0].data]
    assert units[0].data == sample(*whole)
    assert sum(unit.lost for unit in units) == 1
    assert len(whole) == 3


@CODINGS
def test_picture_that_lost_its_only_slice_leaves_its_parameter_sets_to_the_next(coding: Coding) -> None:
    packets = Packets()
    first = packets.unit(0, [coding.sets[-1], *coding.fragments(coding.idr(300), 100)])
    second = packets.unit(3600, [coding.p()])
    units = units_of(coding.kind, [first[0], *first[2:], *second])
    assert [(unit.timestamp, unit.data, unit.random_access) for unit in units] == [
        (3600, sample(coding.sets[-1], coding.p()), RandomAccess.NONE)
    ]
    assert units[0].lost == 1


@CODINGS
def test_packet_that_comes_twice_or_late_is_passed_over(coding: Coding) -> None:
    packets = Packets()
    stream = packets.unit(0, coding.fragments(coding.idr(300), 100))
    stream.insert(2, stream[1])
    stream.append(stream[0])
    units = units_of(coding.kind, [*stream, *packets.unit(3600, [coding.p()])])
    assert [unit.data for unit in units] == [sample(coding.idr(300)), sample(coding.p())]
    assert [unit.lost for unit in units] == [0, 0]


@CODINGS
def test_far_jump_of_the_sequence_counts_as_one_loss(coding: Coding) -> None:
    packets = Packets(sequence=10)
    stream = packets.unit(0, [coding.idr()])
    packets.sequence = 40_000
    stream += packets.unit(3600, [coding.p()])
    assert [unit.lost for unit in units_of(coding.kind, stream)] == [0, 1]


@CODINGS
def test_new_source_is_told_and_begins_its_own_sequence(coding: Coding) -> None:
    depacketiser, units = depacketiser_for(coding.kind)
    feed(depacketiser, b"".join(Packets(ssrc=1, sequence=5).unit(0, [coding.idr()])))
    feed(depacketiser, b"".join(Packets(ssrc=2, sequence=900).unit(0, [coding.idr()])))
    assert units.sources == 1
    assert [(unit.lost, unit.joins) for unit in units.units] == [(0, False), (0, False)]


@CODINGS
def test_extension_contributing_sources_and_padding_are_left_out(coding: Coding) -> None:
    packets = Packets()
    extension = b"\xab\xac\x00\x01\x00\x00\x00\x00"
    stream = [
        packets.packet(0, b"\0\0\0\1" + coding.sets[-2], first=0x81),
        packets.packet(0, extension + coding.sets[-1], first=0x90),
        packets.packet(0, coding.idr() + b"\0\0\3", first=0xA0, marker=True),
    ]
    assert [unit.data for unit in units_of(coding.kind, stream)] == [sample(*coding.sets[-2:], coding.idr())]


@CODINGS
def test_fragment_behind_an_extension_joins_those_without(coding: Coding) -> None:
    packets = Packets()
    first, second, *rest = coding.fragments(coding.idr(900), 100)
    stream = [packets.packet(0, first), packets.packet(0, b"\xab\xac\0\1\0\0\0\0" + second, first=0x90)]
    stream += packets.unit(0, rest)
    assert [unit.data for unit in units_of(coding.kind, stream)] == [sample(coding.idr(900))]


@CODINGS
def test_fragments_of_two_units_without_an_end_between_are_not_joined(coding: Coding) -> None:
    packets = Packets()
    ours, foreign = coding.fragments(coding.idr(900), 100), coding.fragments(coding.p(900), 100)
    stream = packets.unit(0, [*ours[:3], *foreign[3:]]) + packets.unit(3600, [coding.p()])
    units = units_of(coding.kind, stream)
    assert [unit.data for unit in units] == [sample(coding.p())]
    assert units[0].lost > 0


@CODINGS
def test_empty_packet_is_no_loss(coding: Coding) -> None:
    packets = Packets()
    stream = [*packets.unit(0, [coding.idr()]), packets.packet(3600, b""), *packets.unit(3600, [coding.p()])]
    assert [unit.lost for unit in units_of(coding.kind, stream)] == [0, 0]


@CODINGS
def test_other_payload_type_is_passed_over_without_loss(coding: Coding) -> None:
    packets = Packets()
    stream = packets.unit(0, [coding.idr()])
    packets.payload_type = 97
    stream += packets.unit(100, [b"noise"])
    packets.payload_type = 96
    stream += packets.unit(3600, [coding.p()])
    assert [unit.data for unit in units_of(coding.kind, stream)] == [sample(coding.idr()), sample(coding.p())]


@CODINGS
def test_picture_without_end_is_refused(coding: Coding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PENDING", 1000)
    depacketiser, _ = depacketiser_for(coding.kind)
    with pytest.raises(CameraUnreachable, match="access-unit-size"):
        feed(depacketiser, b"".join(Packets().unit(0, coding.fragments(coding.idr(3000), 200), marker=False)))


@CODINGS
def test_read_that_ends_a_record_has_room_for_the_rest_in_the_next_buffer(coding: Coding) -> None:
    depacketiser, units = depacketiser_for(coding.kind)
    packets = Packets()
    stream = packets.unit(0, coding.fragments(coding.idr(3000), 1400))
    stream += packets.unit(3600, coding.fragments(coding.p(120_000), 1400))
    feed(depacketiser, b"".join(stream))
    assert [unit.data for unit in units.units] == [sample(coding.idr(3000)), sample(coding.p(120_000))]


@CODINGS
def test_growing_record_is_seldom_moved_in_memory(coding: Coding) -> None:
    depacketiser, _ = depacketiser_for(coding.kind)
    packets = Packets()
    moves, before = 0, depacketiser._out
    for payload in coding.fragments(coding.idr(2_000_000), 1400):
        feed(depacketiser, packets.packet(0, payload))
        moves += depacketiser._out is not before
        before = depacketiser._out
    assert moves < 8


@st.composite
def _streams(draw: st.DrawFn) -> tuple[Coding, list[bytes], list[bytes]]:
    """A coding, packets of some pictures, and their samples."""
    coding = draw(st.sampled_from([H264, H265]))
    packets = Packets(sequence=draw(st.integers(0, 0xFFFF)))
    sizes = st.integers(min_value=3, max_value=3000)
    others = st.one_of(st.sampled_from([*coding.sets, coding.user]), sizes.map(coding.idr), sizes.map(coding.p))
    stream, samples = [], []
    for index in range(draw(st.integers(1, 6))):
        nals = [*draw(st.lists(others, max_size=3)), draw(st.sampled_from([coding.idr(200), coding.p(150)]))]
        payloads = []
        for nal in nals:
            limit = draw(st.integers(50, 1400))
            payloads += [nal] if len(nal) <= limit else coding.fragments(nal, limit)
        stream += packets.unit(index * 3600, payloads)
        samples.append(sample(*nals))
    return coding, stream, samples


@given(made=_streams(), reads=st.lists(st.integers(0, 20_000), max_size=20))
def test_samples_are_the_same_however_the_bytes_arrive(
    made: tuple[Coding, list[bytes], list[bytes]], reads: list[int]
) -> None:
    coding, packets, samples = made
    stream = b"".join(packets)
    depacketiser, units = depacketiser_for(coding.kind)
    feed(depacketiser, stream, [read for read in reads if read < len(stream)])
    assert [unit.data for unit in units.units] == samples


@given(made=_streams(), data=st.data())
def test_whatever_is_lost_every_nal_unit_kept_is_one_that_was_sent(
    made: tuple[Coding, list[bytes], list[bytes]], data: st.DataObject
) -> None:
    coding, packets, samples = made
    missing = data.draw(st.sets(st.integers(0, len(packets) - 1)))
    sent = {nal for each in samples for nal in nals_of(each)}
    units = units_of(coding.kind, [packet for index, packet in enumerate(packets) if index not in missing])
    for unit in units:
        assert set(nals_of(unit.data)) <= sent
    kept = [index for index in range(len(packets)) if index not in missing]
    if units and kept:
        between = [index for index in missing if kept[0] < index]
        assert sum(unit.lost for unit in units) <= len(between)


@st.composite
def _odd_streams(draw: st.DrawFn) -> tuple[Coding, list[bytes]]:
    """Fragmented pictures of few kinds and sizes, under time stamps that may stand still, with packets missing."""
    coding = draw(st.sampled_from([H264, H265]))
    packets = Packets(sequence=draw(st.sampled_from([0, 65_525])))
    nals = [coding.p(90), coding.p(150), coding.p(90, 0x99), coding.idr(90), coding.recovery, *coding.sets]
    if coding is H265:
        nals.append(coding.p(90)[:1] + b"\x09" + coding.p(90)[2:])  # of another layer
    stream: list[bytes] = []
    timestamp = 0
    for _ in range(draw(st.integers(1, 8))):
        timestamp += draw(st.sampled_from([3600, 3600, 3600, 0, 1 << 16, 1 << 24]))
        payloads = []
        for nal in draw(st.lists(st.sampled_from(nals), min_size=1, max_size=2)):
            payloads += coding.fragments(nal, 40) if len(nal) > 40 else [nal]
        stream += packets.unit(timestamp, payloads, marker=draw(st.sampled_from([True, True, True, False])))
    missing = draw(st.sets(st.integers(0, len(stream) - 1), max_size=2))
    return coding, [packet for index, packet in enumerate(stream) if index not in missing]


@given(made=_odd_streams())
def test_pictures_in_one_read_are_told_as_those_of_packets_taken_one_by_one(made: tuple[Coding, list[bytes]]) -> None:
    coding, stream = made
    one_by_one, expected = depacketiser_for(coding.kind, coding.sets)
    for packet in stream:
        one_by_one.packet(bytearray(packet), memoryview(packet), 4, len(packet))
    depacketiser, units = depacketiser_for(coding.kind, coding.sets)
    feed(depacketiser, b"".join(stream))
    assert units.units == expected.units
    assert bytes(depacketiser.take(0)) == bytes(one_by_one.take(0))


@CODINGS
@given(noise=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_any_bytes_in_frames_raise_nothing(coding: Coding, noise: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(noise)), len(noise)]
    parts = [noise[begin:end] for begin, end in pairwise(edges)]
    units_of(coding.kind, [frame(0, part) for part in parts])


@CODINGS
@given(made=st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=60)), max_size=20))
def test_any_payloads_raise_nothing_and_leave_well_formed_samples(
    coding: Coding, made: list[tuple[int, bytes]]
) -> None:
    packets = Packets()
    stream = [packets.packet(step * 3600, payload, marker=step == 3) for step, payload in made]
    for unit in units_of(coding.kind, stream):
        nals_of(unit.data)


@CODINGS
def test_whole_access_units_are_told_as_those_that_came_by_packets(coding: Coding) -> None:
    depacketiser, units = depacketiser_for(coding.kind)
    first, second = [*coding.sets, coding.idr(300)], [coding.p()]
    depacketiser.access_unit(map(memoryview, first), 0, 0)
    depacketiser.access_unit(map(memoryview, [*second, b"\xff"]), 3600, 2)
    depacketiser.access_unit(map(memoryview, second), 7200, 0)
    assert [unit.data for unit in units.units] == [sample(*first), sample(*second), sample(*second)]
    assert [unit.timestamp for unit in units.units] == [0, 3600, 7200]
    assert [unit.lost for unit in units.units] == [0, 3, 0]
    assert units.units[0].random_access is RandomAccess.IDR
