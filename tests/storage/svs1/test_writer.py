from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import Ticks90k, UtcUs
from storage.records import RandomAccess, Record
from storage.svs1.contexts import record_key
from storage.svs1.layout import MAX_CIPHERTEXT_BYTES, Flags, RecordType
from storage.svs1.opening import codec_config, decrypt, packets
from storage.svs1.reader import SegmentReader
from storage.svs1.writer import Scratch, SegmentWriter
from tests.storage.sealed import CODEC, NOW_US, gop, header_of, segment_start

DEK = bytes(range(32))

records = st.builds(
    Record,
    start_utc_us=st.integers(0, 2**52).map(UtcUs),
    pts_90k=st.integers(-(2**40), 2**40).map(Ticks90k),
    dur_90k=st.integers(0, 2**32 - 1),
    clock_epoch=st.integers(0, 2**32 - 1),
    random_access=st.sampled_from(RandomAccess),
    camera_offset_us=st.none() | st.integers(-(2**50), 2**50),
    lost=st.integers(0, 2**32 - 1),
    continuation=st.booleans(),
    unsynchronised=st.booleans(),
)
units = st.lists(st.tuples(st.binary(max_size=60), st.integers(-(2**31), 2**31 - 1)), max_size=6)


@given(given_records=st.lists(st.tuples(records, units), max_size=4), closed=st.booleans())
def test_what_was_sealed_is_what_opens(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[tuple[Record, list[tuple[bytes, int]]]], closed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "roundtrip.svs"
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    header, init = writer.opening()
    with path.open("wb") as file:
        file.write(header)
        file.writelines(init.parts)
        writer.written(init)
        for record, content in given_records:
            # Hypothesis may give one object twice; the writer owns what it is given.
            fresh = Record(**{name: getattr(record, name) for name in _plain_fields()})
            fresh.data = bytearray(b"".join(data for data, _ in content))
            fresh.sizes = array("I", (len(data) for data, _ in content))
            fresh.pts_delta_90k = array("i", (delta for _, delta in content))
            sealed = writer.seal(fresh)
            file.writelines(sealed.parts)
            writer.written(sealed)
        if closed:
            file.writelines(writer.closing())
    with SegmentReader(path) as reader:
        assert (reader.closed, reader.root, len(reader)) == (closed, writer.root(), len(given_records) + 1)
        first = reader.record(0)
        assert codec_config(decrypt(first, record_key(DEK, reader.hh, first.head_bytes))) == CODEC
        for seq, (record, content) in enumerate(given_records, start=1):
            found = reader.record(seq)
            plaintext = decrypt(found, record_key(DEK, reader.hh, found.head_bytes))
            opened = packets(found.head, plaintext, found.lengths)
            assert [(bytes(unit.data), unit.pts_90k - record.pts_90k) for unit in opened] == content
            _head_tells_the_record(found.head, record)


def _plain_fields() -> list[str]:
    return [name for name in Record.__slots__ if name not in {"observations", "data", "sizes", "pts_delta_90k"}]


def _head_tells_the_record(head: object, record: Record) -> None:
    for name in ("start_utc_us", "pts_90k", "dur_90k", "clock_epoch", "random_access", "lost"):
        assert getattr(head, name) == getattr(record, name)
    assert getattr(head, "offset_us") == record.camera_offset_us  # noqa: B009 -- as above
    flags = getattr(head, "flags")  # noqa: B009 -- as above
    assert (Flags.CONTINUATION in flags, Flags.LOSS in flags, Flags.UNSYNCHRONISED in flags) == (
        record.continuation,
        record.lost > 0,
        record.unsynchronised,
    )


def test_record_that_was_not_written_takes_no_part_in_the_root() -> None:
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    writer.written(writer.opening()[1])
    before, offset = writer.root(), writer.offset
    writer.seal(gop(0, [b"lost"]))
    assert (writer.root(), writer.offset, writer.count) == (before, offset, 1)


def test_same_group_sealed_twice_shares_no_key_and_no_byte_of_ciphertext() -> None:
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    writer.written(writer.opening()[1])
    boxes = []
    for _ in range(2):
        sealed = writer.seal(gop(0, [b"x" * 64]))
        boxes.append(bytes(sealed.parts[1]))
        writer.written(sealed)
    assert boxes[0][:64] != boxes[1][:64]


def test_plaintext_is_not_copied() -> None:
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    writer.written(writer.opening()[1])
    record = gop(0, [b"abc", b"de"])
    data = record.data
    writer.seal(record)
    assert record.data is data
    assert len(data) == 5 + 2 * 8


def test_side_record_lies_between_the_groups(tmp_path: Path) -> None:
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    header, init = writer.opening()
    parts = [header, *map(bytes, init.parts)]
    writer.written(init)
    for sealed in (writer.seal(gop(0, [b"x"])), None):
        one = sealed or writer.seal_side(b'[{"a":1}]', start_utc_us=NOW_US, clock_epoch=1)
        parts += map(bytes, one.parts)
        writer.written(one)
    (tmp_path / "x.svs").write_bytes(b"".join([*parts, *map(bytes, writer.closing())]))
    with SegmentReader(tmp_path / "x.svs") as reader:
        side = reader.record(2)
        assert side.head.type is RecordType.SIDE
        assert decrypt(side, record_key(DEK, reader.hh, side.head_bytes)) == b'[{"a":1}]'


def test_record_whose_sizes_do_not_add_up_is_a_fault_of_the_caller() -> None:
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    writer.written(writer.opening()[1])
    short = gop(0, [b"abc"])
    short.data += b"more"
    with pytest.raises(ValueError, match="add up"):
        writer.seal(short)
    huge = gop(0, [])
    huge.data = bytearray(MAX_CIPHERTEXT_BYTES)
    huge.sizes.append(MAX_CIPHERTEXT_BYTES)
    huge.pts_delta_90k.append(0)
    with pytest.raises(ValueError, match="larger"):
        writer.seal(huge)


def test_scratch_grows_for_a_larger_record() -> None:
    scratch = Scratch()
    small = scratch.view(10)
    large = scratch.view(3 << 20)
    assert (len(small), len(large)) == (10, 3 << 20)


def test_observations_are_a_side_record_before_their_group_which_says_so() -> None:
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    writer.written(writer.opening()[1])
    records = [gop(number, [b"x" * 100]) for number in range(3)]
    records[1].observations = b"[]"
    flags = []
    for record in records:
        sealed = writer.seal(record)
        assert sum(map(len, sealed.all_parts)) == sealed.all_bytes
        writer.written(sealed)
        flags.append((sealed.head.seq, sealed.head.flags, sealed.side is not None))
    assert flags == [(1, Flags.NONE, False), (3, Flags.OBSERVED, True), (4, Flags.NONE, False)]
    assert writer.count == 5


def test_side_record_counts_with_its_group_or_not_at_all() -> None:
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    writer.written(writer.opening()[1])
    before, offset = writer.root(), writer.offset
    record = gop(0, [b"lost"])
    record.observations = b"[]"
    writer.seal(record)
    assert (writer.root(), writer.offset, writer.count) == (before, offset, 1)
