from functools import partial

import pytest

from recorder.h265 import H265Depacketiser
from storage.records import RandomAccess
from tests.recorder.depacketised import depacketiser_for, feed, units_of
from tests.recorder.rtp import (
    AUD_265,
    PPS_265,
    SEI_265_RECOVERY,
    SEI_265_SUFFIX,
    SEI_265_USER,
    SPS_265,
    SPS_265_LARGE,
    VPS_265,
    Packets,
    aggregate_265,
    fragments_265,
    paci_265,
    sample,
    slice_265,
)

SETS = (VPS_265, SPS_265, PPS_265)
IDR, INTER = slice_265(19), slice_265(1)
_units = partial(units_of, H265Depacketiser)


@pytest.mark.parametrize(
    ("payloads", "nals"),
    [
        ([IDR], [IDR]),
        ([AUD_265, *SETS, SEI_265_USER, IDR, SEI_265_SUFFIX], [AUD_265, *SETS, SEI_265_USER, IDR, SEI_265_SUFFIX]),
        ([aggregate_265(*SETS, SEI_265_USER), IDR], [*SETS, SEI_265_USER, IDR]),
        ([aggregate_265(*SETS, IDR)], [*SETS, IDR]),
        ([*SETS, *fragments_265(slice_265(20, 500), 100)], [*SETS, slice_265(20, 500)]),
        (
            [*fragments_265(slice_265(19, 300), 70), *fragments_265(slice_265(19, 200, 0x33), 64)],
            [slice_265(19, 300), slice_265(19, 200, 0x33)],
        ),
        ([paci_265(nal) for nal in (*SETS, IDR)], [*SETS, IDR]),
        ([paci_265(aggregate_265(*SETS), b"tsci"), paci_265(IDR, b"tsci")], [*SETS, IDR]),
        ([paci_265(one, b"xyz") for one in fragments_265(slice_265(20, 500), 100)], [slice_265(20, 500)]),
        ([VPS_265 + b"\0\0\0\1" + SPS_265 + b"\0\0\1" + PPS_265 + b"\0\0\1" + IDR], [*SETS, IDR]),
    ],
    ids=[
        "single",
        "several",
        "aggregated",
        "aggregated with slice",
        "fragments",
        "two slices",
        "PACI",
        "PACI of an aggregate",
        "PACI of fragments",
        "start codes",
    ],
)
def test_every_way_of_packing_gives_the_same_samples(payloads: list[bytes], nals: list[bytes]) -> None:
    units = _units(Packets().unit(3600, payloads))
    assert [unit.data for unit in units] == [sample(*nals)]
    assert units[0].random_access is RandomAccess.IDR
    assert units[0].lost == 0


@pytest.mark.parametrize(
    ("kind", "random_access"),
    [(kind, RandomAccess.NONE) for kind in (0, 1, 6, 7, 8, 9)]
    + [(kind, RandomAccess.CRA) for kind in (16, 17, 18, 21)]
    + [(kind, RandomAccess.IDR) for kind in (19, 20)],
)
def test_kind_of_slice_says_where_decoding_may_begin(kind: int, random_access: RandomAccess) -> None:
    for payloads in ([slice_265(kind)], fragments_265(slice_265(kind, 400), 100)):
        assert [unit.random_access for unit in _units(Packets().unit(0, payloads))] == [random_access]


def test_recovery_point_makes_a_random_access_point_where_the_slice_makes_none() -> None:
    packets = Packets()
    stream = packets.unit(0, [SEI_265_USER, SEI_265_RECOVERY, INTER]) + packets.unit(3600, [SEI_265_USER, INTER])
    stream += packets.unit(7200, [SEI_265_RECOVERY, slice_265(21)])
    assert [unit.random_access for unit in _units(stream)] == [
        RandomAccess.RECOVERY_POINT,
        RandomAccess.NONE,
        RandomAccess.CRA,
    ]


def test_suffix_behind_the_marker_goes_with_the_picture_before() -> None:
    packets = Packets()
    stream = packets.unit(0, [IDR]) + packets.unit(0, [SEI_265_SUFFIX]) + packets.unit(3600, [INTER])
    assert [(unit.timestamp, unit.data, unit.joins) for unit in _units(stream)] == [
        (0, sample(IDR), False),
        (0, sample(SEI_265_SUFFIX), True),
        (3600, sample(INTER), False),
    ]


@pytest.mark.parametrize(
    "payload",
    [
        b"\x60",
        b"\x62\x01",
        b"\x62\x01\x93",
        b"\x62\x01\xb1\x00",
        b"\x60\x01\x00\x09\x26",
        b"\x60\x01\x00\x00",
        b"\x60\x01\x00\x01\x26",
        b"\x60\x01\x00\x03\x60\x01\x01",
        b"\x64\x01\x26\x00",
        paci_265(IDR, b"12345")[:9],
        paci_265(paci_265(IDR)),
        b"\x7e\x01\x00",
    ],
    ids=[
        "half a header",
        "fragment without header",
        "fragment empty",
        "fragment of an aggregate",
        "aggregate short",
        "aggregate empty",
        "aggregate of half a header",
        "aggregate of aggregates",
        "paci empty",
        "paci shorter than its extension",
        "paci in paci",
        "type 63",
    ],
)
def test_malformed_payload_counts_as_lost_and_spoils_nothing_else(payload: bytes) -> None:
    packets = Packets()
    stream = [*packets.unit(0, [IDR]), packets.packet(3600, payload), *packets.unit(3600, [INTER])]
    units = _units(stream)
    assert [unit.data for unit in units] == [sample(IDR), sample(INTER)]
    assert [unit.lost for unit in units] == [0, 1]


def test_units_of_another_layer_are_kept_and_decide_nothing() -> None:
    layer = b"\x26\x09" + b"\x99" * 20
    other_sps = SPS_265_LARGE[:1] + b"\x09" + SPS_265_LARGE[2:]
    depacketiser, units = depacketiser_for(H265Depacketiser, SETS)
    first, packets = depacketiser.config, Packets()
    feed(depacketiser, b"".join(packets.unit(0, [other_sps, INTER, layer])))
    assert [(unit.data, unit.random_access) for unit in units.units] == [
        (sample(other_sps, INTER, layer), RandomAccess.NONE)
    ]
    assert depacketiser.config is first


def test_parameter_sets_count_from_the_next_random_access_point() -> None:
    depacketiser, _ = depacketiser_for(H265Depacketiser)
    unknown, packets = depacketiser.config, Packets()
    feed(depacketiser, b"".join(packets.unit(0, [*SETS, IDR])))
    first = depacketiser.config
    assert unknown is None
    assert first is not None
    assert (first.width, first.height) == (320, 180)
    feed(depacketiser, b"".join(packets.unit(3600, [*SETS, IDR]) + packets.unit(7200, [SPS_265_LARGE, INTER])))
    assert depacketiser.config is first
    feed(depacketiser, b"".join(packets.unit(10_800, [slice_265(21)])))
    assert depacketiser.config is not None
    assert (depacketiser.config.width, depacketiser.config.height) == (1920, 1080)
