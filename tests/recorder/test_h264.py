from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder import h264
from recorder.errors import CameraUnreachable
from recorder.h264 import H264Depacketiser
from storage.buffers import BufferPool
from storage.records import RandomAccess
from tests.recorder.rtp import (
    AUD,
    PPS,
    SEI_RECOVERY,
    SEI_USER,
    SPS,
    SPS_LARGE,
    Packets,
    aggregate,
    fragments,
    frame,
    idr,
    inter,
    sample,
)


@dataclass(frozen=True)
class Unit:
    timestamp: int
    data: bytes
    random_access: RandomAccess
    lost: int
    joins: bool


@dataclass
class Units:
    """Takes every unit out of the depacketiser at once."""

    units: list[Unit] = field(default_factory=list)
    sources: int = 0
    depacketiser: H264Depacketiser | None = None

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:
        assert self.depacketiser is not None
        data = bytes(self.depacketiser.take(0))
        assert len(data) == size
        self.units.append(Unit(timestamp, data, random_access, lost, joins))

    def source_changed(self) -> None:
        self.sources += 1


def _depacketiser(parameter_sets: tuple[bytes, ...] = ()) -> tuple[H264Depacketiser, Units]:
    units = Units()
    depacketiser = H264Depacketiser(units, BufferPool(), channel=0, payload_type=96, parameter_sets=parameter_sets)
    units.depacketiser = depacketiser
    return depacketiser, units


def _feed(depacketiser: H264Depacketiser, stream: bytes, reads: list[int] | None = None) -> None:
    """As the connection does it: frames that `walk` leaves because they are short go to `packet`."""
    buffer = bytearray(stream)
    view = memoryview(buffer)
    at = 0
    for end in [*sorted(reads or []), len(buffer)]:
        while at < end:
            at = depacketiser.walk(buffer, view, at, end)
            if end - at < 4:
                break
            stop = at + 4 + int.from_bytes(buffer[at + 2 : at + 4], "big")
            if stop > end:
                break
            depacketiser.packet(buffer, view, at + 4, stop)
            at = stop


def _units(packets: list[bytes], parameter_sets: tuple[bytes, ...] = ()) -> list[Unit]:
    depacketiser, units = _depacketiser(parameter_sets)
    _feed(depacketiser, b"".join(packets))
    return units.units


@pytest.mark.parametrize(
    ("payloads", "nals"),
    [
        ([idr()], [idr()]),
        ([AUD, SPS, PPS, SEI_USER, idr()], [AUD, SPS, PPS, SEI_USER, idr()]),
        ([aggregate(SPS, PPS, SEI_USER), idr()], [SPS, PPS, SEI_USER, idr()]),
        ([SPS, PPS, *fragments(idr(500), 100)], [SPS, PPS, idr(500)]),
        ([*fragments(idr(300), 70), *fragments(idr(200, 0x33), 64)], [idr(300), idr(200, 0x33)]),
        ([SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + idr()], [SPS, PPS, idr()]),
    ],
    ids=["single", "several", "stap-a", "fu-a", "two slices", "start codes in one payload"],
)
def test_every_way_of_packing_gives_the_same_samples(payloads: list[bytes], nals: list[bytes]) -> None:
    units = _units(Packets().unit(3600, payloads))
    assert [unit.data for unit in units] == [sample(*nals)]
    assert units[0].random_access is RandomAccess.IDR
    assert units[0].lost == 0


def test_sequence_numbers_and_time_stamps_wrap_without_loss() -> None:
    packets = Packets(sequence=65_535)
    stream = packets.unit(0xFFFFFFFF, [*fragments(idr(900), 100)]) + packets.unit(3599, [inter()])
    assert [(unit.timestamp, unit.lost) for unit in _units(stream)] == [(0xFFFFFFFF, 0), (3599, 0)]


def test_unit_without_marker_ends_at_the_next_time_stamp() -> None:
    packets = Packets()
    stream = packets.unit(0, [idr()], marker=False) + packets.unit(3600, [inter()], marker=False)
    assert [unit.data for unit in _units(stream)] == [sample(idr())]


def test_parameter_sets_with_marker_or_time_stamp_of_their_own_go_with_the_picture() -> None:
    packets = Packets()
    stream = packets.unit(0, [SPS]) + packets.unit(1, [PPS]) + packets.unit(3600, [idr()])
    assert [(unit.timestamp, unit.data) for unit in _units(stream)] == [(3600, sample(SPS, PPS, idr()))]


def test_second_part_of_a_picture_with_two_markers_joins_the_first() -> None:
    packets = Packets()
    stream = packets.unit(0, [idr()]) + packets.unit(0, [idr(30, 0x44)]) + packets.unit(3600, [inter()])
    assert [unit.joins for unit in _units(stream)] == [False, True, False]


@pytest.mark.parametrize("lost", range(1, 9))
def test_nal_unit_with_a_hole_is_never_written_and_the_rest_of_the_picture_is(lost: int) -> None:
    packets = Packets()
    first = packets.unit(0, [SPS, PPS, *fragments(idr(700), 100), *fragments(idr(200, 0x33), 100)])
    second = packets.unit(3600, [inter()])
    del first[lost]
    units = _units(first + second, (SPS, PPS))
    whole = [nal for nal in (SPS, PPS, idr(700), idr(200, 0x33)) if sample(nal) in units[0].data]
    assert units[0].data == sample(*whole)
    assert sum(unit.lost for unit in units) == 1
    assert len(whole) == 3


def test_picture_that_lost_its_only_slice_leaves_its_parameter_sets_to_the_next() -> None:
    packets = Packets()
    first = packets.unit(0, [SPS, PPS, *fragments(idr(300), 100)])
    second = packets.unit(3600, [inter()])
    units = _units([first[0], first[1], *first[3:], *second])
    assert [(unit.timestamp, unit.data, unit.random_access) for unit in units] == [
        (3600, sample(SPS, PPS, inter()), RandomAccess.NONE)
    ]
    assert units[0].lost == 1


def test_packet_that_comes_twice_or_late_is_passed_over() -> None:
    packets = Packets()
    stream = packets.unit(0, [*fragments(idr(300), 100)])
    stream.insert(2, stream[1])
    stream.append(stream[0])
    units = _units([*stream, *packets.unit(3600, [inter()])])
    assert [unit.data for unit in units] == [sample(idr(300)), sample(inter())]
    assert [unit.lost for unit in units] == [0, 0]


def test_far_jump_of_the_sequence_counts_as_one_loss() -> None:
    packets = Packets(sequence=10)
    stream = packets.unit(0, [idr()])
    packets.sequence = 40_000
    assert [unit.lost for unit in _units(stream + packets.unit(3600, [inter()]))] == [0, 1]


def test_new_source_is_told_and_begins_its_own_sequence() -> None:
    depacketiser, units = _depacketiser()
    _feed(depacketiser, b"".join(Packets(ssrc=1, sequence=5).unit(0, [idr()])))
    _feed(depacketiser, b"".join(Packets(ssrc=2, sequence=900).unit(0, [idr()])))
    assert units.sources == 1
    assert [(unit.lost, unit.joins) for unit in units.units] == [(0, False), (0, False)]


def test_extension_contributing_sources_and_padding_are_left_out() -> None:
    packets = Packets()
    extension = b"\xab\xac\x00\x01\x00\x00\x00\x00"
    stream = [
        packets.packet(0, b"\0\0\0\1" + SPS, first=0x81),
        packets.packet(0, extension + PPS, first=0x90),
        packets.packet(0, idr() + b"\0\0\3", first=0xA0, marker=True),
    ]
    assert [unit.data for unit in _units(stream)] == [sample(SPS, PPS, idr())]


@pytest.mark.parametrize(
    "payload",
    [b"\x00", b"\x1e\x01", b"\x7c", b"\x7c\x85", b"\x7c\x80\x00", b"\x78\x00\x09\x65", b"\x78\x00\x00", b"\x79\x00"],
    ids=["type 0", "type 30", "fu without header", "fu empty", "fu of type 0", "stap short", "stap empty", "stap-b"],
)
def test_malformed_payload_counts_as_lost_and_spoils_nothing_else(payload: bytes) -> None:
    packets = Packets()
    stream = [*packets.unit(0, [idr()]), packets.packet(3600, payload), *packets.unit(3600, [inter()])]
    units = _units(stream)
    assert [unit.data for unit in units] == [sample(idr()), sample(inter())]
    assert [unit.lost for unit in units] == [0, 1]


def test_empty_packet_is_no_loss() -> None:
    packets = Packets()
    units = _units([*packets.unit(0, [idr()]), packets.packet(3600, b""), *packets.unit(3600, [inter()])])
    assert [unit.lost for unit in units] == [0, 0]


def test_recovery_point_makes_a_random_access_point() -> None:
    packets = Packets()
    units = _units(packets.unit(0, [SEI_USER, SEI_RECOVERY, inter()]) + packets.unit(3600, [SEI_USER, inter()]))
    assert [unit.random_access for unit in units] == [RandomAccess.RECOVERY_POINT, RandomAccess.NONE]


def test_parameter_sets_in_band_change_the_configuration_and_equal_ones_do_not() -> None:
    depacketiser, _ = _depacketiser((SPS, PPS + b"\0"))
    first = depacketiser.config
    assert first is not None
    packets = Packets()
    _feed(depacketiser, b"".join(packets.unit(0, [SPS, PPS, idr()])))
    assert depacketiser.config is first
    _feed(depacketiser, b"".join(packets.unit(3600, [SPS_LARGE, PPS, idr()])))
    assert depacketiser.config is not first
    assert depacketiser.config is not None
    assert (depacketiser.config.width, depacketiser.config.height) == (1920, 1080)


def test_other_payload_type_is_passed_over_without_loss() -> None:
    packets = Packets()
    stream = packets.unit(0, [idr()])
    packets.payload_type = 97
    stream += packets.unit(100, [b"noise"])
    packets.payload_type = 96
    assert [unit.data for unit in _units(stream + packets.unit(3600, [inter()]))] == [sample(idr()), sample(inter())]


def test_picture_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h264, "MAX_PENDING", 1000)
    depacketiser, _ = _depacketiser()
    with pytest.raises(CameraUnreachable, match="access-unit-size"):
        _feed(depacketiser, b"".join(Packets().unit(0, fragments(idr(3000), 200), marker=False)))


def test_read_that_ends_a_record_has_room_for_the_rest_in_the_next_buffer() -> None:
    depacketiser, units = _depacketiser()
    packets = Packets()
    stream = packets.unit(0, fragments(idr(3000), 1400)) + packets.unit(3600, fragments(inter(120_000), 1400))
    _feed(depacketiser, b"".join(stream))
    assert [unit.data for unit in units.units] == [sample(idr(3000)), sample(inter(120_000))]


def test_growing_record_is_seldom_moved_in_memory() -> None:
    depacketiser, _ = _depacketiser()
    packets = Packets()
    moves, before = 0, depacketiser._out
    for payload in fragments(idr(2_000_000), 1400):
        _feed(depacketiser, packets.packet(0, payload))
        moves += depacketiser._out is not before
        before = depacketiser._out
    assert moves < 8


_NALS = st.one_of(
    st.just(SPS),
    st.just(PPS),
    st.just(SEI_USER),
    st.integers(min_value=2, max_value=3000).map(idr),
    st.integers(min_value=2, max_value=3000).map(inter),
)


@st.composite
def _streams(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Packets of some pictures, and their samples."""
    packets = Packets(sequence=draw(st.integers(0, 0xFFFF)))
    stream, samples = [], []
    for index in range(draw(st.integers(1, 6))):
        nals = [*draw(st.lists(_NALS, max_size=3)), draw(st.sampled_from([idr(200), inter(150)]))]
        payloads = []
        for nal in nals:
            limit = draw(st.integers(50, 1400))
            payloads += [nal] if len(nal) <= limit else fragments(nal, limit)
        stream += packets.unit(index * 3600, payloads)
        samples.append(sample(*nals))
    return stream, samples


@given(made=_streams(), reads=st.lists(st.integers(0, 20_000), max_size=20))
def test_samples_are_the_same_however_the_bytes_arrive(made: tuple[list[bytes], list[bytes]], reads: list[int]) -> None:
    packets, samples = made
    stream = b"".join(packets)
    depacketiser, units = _depacketiser()
    _feed(depacketiser, stream, [read for read in reads if read < len(stream)])
    assert [unit.data for unit in units.units] == samples


@given(made=_streams(), data=st.data())
def test_whatever_is_lost_every_nal_unit_kept_is_one_that_was_sent(
    made: tuple[list[bytes], list[bytes]], data: st.DataObject
) -> None:
    packets, samples = made
    missing = data.draw(st.sets(st.integers(0, len(packets) - 1)))
    sent = {nal for each in samples for nal in _nals(each)}
    units = _units([packet for index, packet in enumerate(packets) if index not in missing])
    for unit in units:
        assert set(_nals(unit.data)) <= sent
    kept = [index for index in range(len(packets)) if index not in missing]
    if units and kept:
        between = [index for index in missing if kept[0] < index]
        assert sum(unit.lost for unit in units) <= len(between)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_any_bytes_in_frames_raise_nothing(noise: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(noise)), len(noise)]
    parts = [noise[begin:end] for begin, end in pairwise(edges)]
    _units([frame(0, part) for part in parts])


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=60)), max_size=20))
def test_any_payloads_raise_nothing_and_leave_well_formed_samples(made: list[tuple[int, bytes]]) -> None:
    packets = Packets()
    for unit in _units([packets.packet(step * 3600, payload, marker=step == 3) for step, payload in made]):
        _nals(unit.data)


def _nals(data: bytes) -> list[bytes]:
    nals, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert 0 < size <= len(data) - at - 4
        nals.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return nals
