from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.svs1.layout import FOOTER_BYTES, SegmentDamaged
from storage.svs1.reader import SegmentReader
from tests.storage.sealed import footage, seal_file
from tests.storage.svs1.damage import damaged

GROUPS = footage(1, gops=4, packets=3, size=40)


@pytest.mark.parametrize("closed", [True, False])
def test_every_record_is_found_and_checked(tmp_path: Path, closed: bool) -> None:
    writer = seal_file(tmp_path / "x.svs", GROUPS, closed=closed)
    with SegmentReader(tmp_path / "x.svs") as reader:
        assert (reader.closed, reader.root, len(reader)) == (closed, writer.root(), 5)
        assert reader.hh == writer.hh
        assert [record.head.seq for record in reader.records()] == [0, 1, 2, 3, 4]
        assert [head.packet_count for head in reader.heads] == [0, 3, 3, 3, 3]
        assert [record.inner for record in reader.records()] == [entry.inner for entry in reader.entries]
        with pytest.raises(IndexError):
            reader.record(5)


@given(data=st.data())
def test_damaged_file_never_gives_a_record_that_was_not_sealed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "reader.svs"
    seal_file(path, GROUPS)
    original = path.read_bytes()
    with SegmentReader(path) as reader:
        sealed = [(record.front, bytes(record.box)) for record in reader.records()]
    path.write_bytes(data.draw(damaged(original)))
    try:
        with SegmentReader(path) as reader:
            for seq in range(len(reader)):
                try:
                    record = reader.record(seq)
                except SegmentDamaged:
                    continue
                assert (record.front, bytes(record.box)) == sealed[seq]
            _ = reader.heads
    except SegmentDamaged:
        pass


def test_index_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.svs"
    seal_file(path, GROUPS)
    with SegmentReader(path) as reader:
        second, third = reader.entries[2].offset, reader.entries[3].offset
    data = bytearray(path.read_bytes())
    entry = len(data) - FOOTER_BYTES - 3 * 40
    assert int.from_bytes(data[entry : entry + 8], "little") == second
    data[entry : entry + 8] = third.to_bytes(8, "little")
    path.write_bytes(data)
    with SegmentReader(path) as reader:
        with pytest.raises(SegmentDamaged):
            reader.record(2)
        with pytest.raises(SegmentDamaged):
            _ = reader.heads
