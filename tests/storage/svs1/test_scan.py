"""Without any key: a damaged file is refused, or gives a strict prefix that says of itself that it is not whole."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.svs1.contexts import inner_root, segment_root
from storage.svs1.layout import (
    FOOTER_BYTES,
    HEAD_BYTES,
    RecordType,
    SegmentDamaged,
    SegmentUnreadable,
    cut,
    pack_lengths,
)
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import Scan, SegmentFile, scan
from storage.svs1.writer import Scratch, SegmentWriter
from tests.storage.sealed import CODEC, footage, gop, header_of, seal_file, segment_start
from tests.storage.svs1.damage import damaged

GROUPS = footage(1, gops=4, packets=3, size=40)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def written(data: bytes) -> Path:
        path = tmp_path / "x.svs"
        path.write_bytes(data)
        return path

    return written


@pytest.fixture
def closed(tmp_path: Path) -> bytes:
    seal_file(tmp_path / "closed.svs", GROUPS)
    return (tmp_path / "closed.svs").read_bytes()


@pytest.fixture
def growing(tmp_path: Path) -> bytes:
    seal_file(tmp_path / "growing.svs", GROUPS, closed=False)
    return (tmp_path / "growing.svs").read_bytes()


def test_closed_file_scans_whole(write: Callable[[bytes], Path], closed: bytes) -> None:
    found = scan(write(closed))
    assert found.closed
    assert found.torn_bytes == 0
    assert [head.seq for head in found.heads] == [0, 1, 2, 3, 4]


def test_growing_file_scans_to_its_end_and_is_not_closed(write: Callable[[bytes], Path], growing: bytes) -> None:
    found = scan(write(growing))
    assert not found.closed
    assert (found.tail_offset, found.torn_bytes) == (len(growing), 0)
    assert len(found.heads) == 5


def test_scan_keeps_whole_records_at_every_cut(write: Callable[[bytes], Path], growing: bytes) -> None:
    whole = scan(write(growing))
    ends = [*(entry.offset for entry in whole.entries[1:]), len(growing)]
    first = whole.entries[0].offset
    for size in range(first, len(growing) + 1, 7):
        found = scan(write(growing[:size]))
        kept = sum(end <= size for end in ends)
        assert found.entries == whole.entries[:kept]
        assert found.torn_bytes == size - (ends[kept - 1] if kept else first)


def test_file_without_whole_header_is_refused_at_every_cut(write: Callable[[bytes], Path], growing: bytes) -> None:
    first = scan(write(growing)).entries[0].offset
    for size in range(first):
        with pytest.raises(SegmentDamaged):
            scan(write(growing[:size]))


@given(data=st.data())
def test_damage_to_a_closed_file_is_refused_or_leaves_a_flagged_prefix(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "damage-closed.svs"
    writer = seal_file(path, GROUPS)
    original = path.read_bytes()
    altered = data.draw(damaged(original))
    path.write_bytes(altered)
    try:
        found = scan(path)
    except SegmentDamaged:
        return
    if altered == original:
        assert found.closed
        return
    assert not found.closed
    _is_prefix_of_the_original(found, writer.root(), original, path)


@given(data=st.data())
def test_damage_to_a_growing_file_leaves_a_prefix_of_whole_records(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "damage-growing.svs"
    writer = seal_file(path, GROUPS, closed=False)
    original = path.read_bytes()
    altered = data.draw(damaged(original))
    path.write_bytes(altered)
    try:
        found = scan(path)
    except SegmentDamaged:
        return
    assert not found.closed
    _is_prefix_of_the_original(found, writer.root(), original, path)


def _is_prefix_of_the_original(found: Scan, root: bytes, original: bytes, path: Path) -> None:
    assert path.read_bytes()[: found.tail_offset] == original[: found.tail_offset]
    inner_roots = [entry.inner for entry in found.entries]
    assert found.root == segment_root(found.header.hh, found.commit, inner_roots)
    assert (found.root == root) is (len(found.entries) == len(GROUPS) + 1)


@given(data=st.binary(max_size=400))
def test_any_bytes_give_a_typed_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.svs"
    path.write_bytes(data)
    with pytest.raises(SegmentDamaged):
        scan(path)
    with pytest.raises(SegmentDamaged):
        SegmentReader(path)


def test_extended_file_is_not_closed(write: Callable[[bytes], Path], closed: bytes) -> None:
    assert not scan(write(closed + b"\x00")).closed
    assert not scan(write(closed + closed[-FOOTER_BYTES:])).closed


def test_records_of_two_files_under_one_header_have_another_root(
    tmp_path: Path, write: Callable[[bytes], Path], closed: bytes
) -> None:
    other = seal_file(tmp_path / "other.svs", footage(2, gops=4, packets=3, size=40), dek=b"\x01" * 32)
    foreign = (tmp_path / "other.svs").read_bytes()
    mine = scan(write(closed))
    spliced = scan(write(closed[: mine.entries[3].offset] + foreign[scan(tmp_path / "other.svs").entries[3].offset :]))
    assert not spliced.closed
    assert spliced.root not in {mine.root, other.root()}


def test_altered_commitment_is_noticed_though_its_crc_was_made_again(
    write: Callable[[bytes], Path], closed: bytes
) -> None:
    with SegmentFile(write(closed)) as file:
        header, commit, first = file.header()
    altered = header.pack(bytes(32)) + closed[first:]
    assert commit != bytes(32)
    with pytest.raises(SegmentDamaged, match="root in the footer"):
        scan(write(altered))


def test_index_that_points_elsewhere_is_refused(write: Callable[[bytes], Path], closed: bytes) -> None:
    offsets = [entry.offset.to_bytes(8, "little") for entry in scan(write(closed)).entries]
    index = len(closed) - FOOTER_BYTES - 5 * 40
    altered = closed[:index] + closed[index:].replace(offsets[2], offsets[3])
    assert altered != closed
    with pytest.raises(SegmentDamaged, match="index"):
        scan(write(altered))


@pytest.mark.parametrize("change", [-1, 1])
def test_slices_that_do_not_cover_the_ciphertext_are_refused_though_their_hash_was_made_again(
    write: Callable[[bytes], Path], growing: bytes, change: int
) -> None:
    # The first slice of the last record is made one byte longer or shorter, and the record's hash to fit.
    last = scan(write(growing)).entries[4]
    with SegmentFile(write(growing)) as file:
        record = file.record(last.offset, 4)
    lengths = [record.lengths[0] + change, *record.lengths[1:]]
    front = record.front[: HEAD_BYTES + 32] + pack_lengths(lengths)
    inner = inner_root(front, cut(record.box, lengths), record.tag)
    found = scan(write(growing[: last.offset] + front + bytes(record.box) + inner))
    assert len(found.heads) == 4


def test_file_that_the_disk_does_not_give_is_unreadable_not_torn(
    write: Callable[[bytes], Path], closed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(closed)

    def fails(fd: int, size: int, offset: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("storage.svs1.scan.os.pread", fails)
    with pytest.raises(SegmentUnreadable):
        scan(path)


def test_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(SegmentUnreadable):
        scan(tmp_path / "absent.svs")


def test_symbolic_link_is_not_followed(tmp_path: Path, closed: bytes) -> None:
    (tmp_path / "target").write_bytes(closed)
    (tmp_path / "link.svs").symlink_to(tmp_path / "target")
    with pytest.raises(SegmentUnreadable):
        scan(tmp_path / "link.svs")


def test_side_record_whose_group_never_came_is_torn(tmp_path: Path) -> None:
    record = gop(0, [b"x" * 300])
    record.observations = b'[{"k":"ptz"}]'
    writer = SegmentWriter(header_of(segment_start()), bytearray(32), CODEC, Scratch())
    header, init = writer.opening()
    front = b"".join([header, *init.parts])
    writer.written(init)
    sealed = writer.seal(record)
    assert sealed.side is not None
    whole = front + b"".join(sealed.all_parts)
    for size in (len(front) + sealed.side.size, len(whole) - 1):
        (tmp_path / "a.svs").write_bytes(whole[:size])
        found = scan(tmp_path / "a.svs")
        assert (len(found.heads), found.tail_offset, found.torn_bytes) == (1, len(front), size - len(front))
    (tmp_path / "a.svs").write_bytes(whole)
    assert [head.type for head in scan(tmp_path / "a.svs").heads] == [RecordType.INIT, RecordType.SIDE, RecordType.GOP]
