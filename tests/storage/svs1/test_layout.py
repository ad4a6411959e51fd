import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import UtcUs
from storage.svs1.layout import (
    HEAD_BYTES,
    Flags,
    Footer,
    IndexEntry,
    RecordHead,
    RecordType,
    SegmentDamaged,
    cut,
    pack_lengths,
    pack_table,
    parse_entries,
    parse_lengths,
    parse_table,
)

HEAD = RecordHead(type=RecordType.GOP, seq=7, ct_len=100, slice_count=3, packet_count=2, start_utc_us=UtcUs(5))
hashes = st.binary(min_size=32, max_size=32)


def test_head_is_128_bytes_and_survives_them() -> None:
    assert len(HEAD.pack()) == HEAD_BYTES
    assert RecordHead.parse(HEAD.pack(), file="x", offset=0) == HEAD


@given(at=st.integers(0, HEAD_BYTES - 1), flip=st.integers(1, 255))
def test_any_flip_in_a_head_is_noticed_and_placed(at: int, flip: int) -> None:
    altered = bytearray(HEAD.pack())
    altered[at] ^= flip
    with pytest.raises(SegmentDamaged) as caught:
        RecordHead.parse(bytes(altered), file="x.svs", offset=4096)
    assert (caught.value.fields["file"], caught.value.offset) == ("x.svs", 4096)


@pytest.mark.parametrize(
    "head",
    [
        RecordHead(type=RecordType.GOP, seq=1, ct_len=10, slice_count=1, packet_count=1),
        RecordHead(type=RecordType.GOP, seq=1, ct_len=(64 << 20) + 1, slice_count=2, packet_count=1),
        RecordHead(type=RecordType.INIT, seq=0, ct_len=10, slice_count=2),
        RecordHead(type=RecordType.SIDE, seq=1, ct_len=10, slice_count=1, packet_count=1),
        RecordHead(type=RecordType.INDEX, seq=2, ct_len=10, slice_count=0),
        RecordHead(type=RecordType.INIT, seq=0, ct_len=10, slice_count=1, start_utc_us=UtcUs(-1)),
        RecordHead(type=RecordType.INIT, seq=0, ct_len=10, slice_count=1, start_utc_us=UtcUs(2**53)),
        RecordHead(type=RecordType.INIT, seq=0, ct_len=10, slice_count=1, pts_90k=2**60),
    ],
)
def test_head_with_impossible_values_is_refused_though_its_crc_holds(head: RecordHead) -> None:
    with pytest.raises(SegmentDamaged):
        RecordHead.parse(head.pack(), file="x", offset=0)


def test_unknown_kinds_are_refused_and_unknown_flags_kept() -> None:
    kept = RecordHead.parse(_with(flags=0x8001), file="x", offset=0).flags
    assert kept & 0x8000
    assert Flags.CONTINUATION in kept
    for packed in (_with(kind=3), _with(rap=4)):
        with pytest.raises(SegmentDamaged):
            RecordHead.parse(packed, file="x", offset=0)


def _with(*, kind: int = 0, rap: int = 0, flags: int = 0) -> bytes:
    init = RecordHead(type=RecordType.INIT, seq=0, ct_len=1, slice_count=1, flags=Flags(flags))
    # Values outside the enumerations, packed as another version might.
    object.__setattr__(init, "type", kind)
    object.__setattr__(init, "random_access", rap)
    return init.pack()


def test_unknown_camera_clock_is_told_from_zero() -> None:
    unknown = RecordHead.parse(HEAD.pack(), file="x", offset=0)
    zero = RecordHead(type=RecordType.INIT, seq=0, ct_len=1, slice_count=1, offset_us=0)
    assert unknown.offset_us is None
    assert RecordHead.parse(zero.pack(), file="x", offset=0).offset_us == 0


@given(offset=st.integers(0, 2**63), count=st.integers(0, 2**63), root=hashes, at=st.integers(0, 55))
def test_footer_survives_its_bytes_and_no_flip(offset: int, count: int, root: bytes, at: int) -> None:
    packed = bytearray(Footer(offset, count, root).pack())
    assert Footer.parse(bytes(packed)) == Footer(offset, count, root)
    packed[at] ^= 1
    assert Footer.parse(bytes(packed)) is None


@given(entries=st.lists(st.builds(IndexEntry, st.integers(0, 2**63), hashes)))
def test_entries_survive_their_bytes(entries: list[IndexEntry]) -> None:
    assert parse_entries(b"".join(entry.pack() for entry in entries)) == entries


@given(deltas=st.lists(st.integers(-(2**31), 2**31 - 1)), lengths=st.lists(st.integers(0, 2**32 - 1)))
def test_tables_survive_their_bytes(deltas: list[int], lengths: list[int]) -> None:
    assert list(parse_table(pack_table(deltas))) == deltas
    assert list(parse_lengths(pack_lengths(lengths))) == lengths


@given(pieces=st.lists(st.binary(max_size=5)))
def test_cut_gives_the_pieces_back(pieces: list[bytes]) -> None:
    assert cut(memoryview(b"".join(pieces)), list(map(len, pieces))) == pieces
