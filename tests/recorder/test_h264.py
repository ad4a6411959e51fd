from functools import partial

import pytest

from recorder.h264 import H264Depacketiser
from storage.records import RandomAccess
from tests.recorder.depacketised import depacketiser_for, feed, units_of
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
    idr,
    inter,
    sample,
)

_units = partial(units_of, H264Depacketiser)


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


def test_recovery_point_makes_a_random_access_point() -> None:
    packets = Packets()
    units = _units(packets.unit(0, [SEI_USER, SEI_RECOVERY, inter()]) + packets.unit(3600, [SEI_USER, inter()]))
    assert [unit.random_access for unit in units] == [RandomAccess.RECOVERY_POINT, RandomAccess.NONE]


def test_parameter_sets_in_band_change_the_configuration_and_equal_ones_do_not() -> None:
    depacketiser, _ = depacketiser_for(H264Depacketiser, (SPS, PPS + b"\0"))
    first = depacketiser.config
    assert first is not None
    packets = Packets()
    feed(depacketiser, b"".join(packets.unit(0, [SPS, PPS, idr()])))
    assert depacketiser.config is first
    feed(depacketiser, b"".join(packets.unit(3600, [SPS_LARGE, PPS, idr()])))
    assert depacketiser.config is not first
    assert depacketiser.config is not None
    assert (depacketiser.config.width, depacketiser.config.height) == (1920, 1080)


def test_pictures_that_share_a_time_stamp_stay_apart_and_two_fields_together() -> None:
    first, field_sps = b"\x88", bytes.fromhex("674d001e9a6281686c")
    for sps, joins in ((SPS, [False, False]), (field_sps, [False, True])):
        packets = Packets()
        stream = packets.unit(0, [b"\x65" + first, b"\x65\x44"]) + packets.unit(0, [b"\x41" + first])
        assert [unit.joins for unit in _units(stream, (sps, PPS))] == joins
    fields = [field_sps, PPS, b"\x65" + first, b"\x41" + first]
    unmarked = Packets().unit(0, fields, marker=False) + Packets(sequence=65_534).unit(3600, [inter()])
    assert [unit.data for unit in _units(unmarked)] == [sample(*fields), sample(inter())]


def test_filler_behind_the_marker_goes_with_the_picture_before() -> None:
    packets = Packets()
    stream = packets.unit(0, [idr()]) + packets.unit(0, [b"\x0c\xff\x80"]) + packets.unit(3600, [inter()])
    assert [(unit.data, unit.joins) for unit in _units(stream)] == [
        (sample(idr()), False),
        (sample(b"\x0c\xff\x80"), True),
        (sample(inter()), False),
    ]


def test_parameter_set_that_changes_between_key_frames_counts_from_the_next_one() -> None:
    depacketiser, _ = depacketiser_for(H264Depacketiser, (SPS, PPS))
    first, packets = depacketiser.config, Packets()
    feed(depacketiser, b"".join(packets.unit(0, [idr()]) + packets.unit(3600, [PPS + b"\x11", inter()])))
    assert depacketiser.config is first
    feed(depacketiser, b"".join(packets.unit(7200, [idr()])))
    assert depacketiser.config is not None
    assert PPS + b"\x11" in depacketiser.config.extradata
