import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.jcs import canonical
from storage.merkle import leaf_hash
from storage.svs1.contexts import record_key
from storage.svs1.layout import RecordHead, RecordType
from storage.svs1.opening import (
    RecordForged,
    WrongRecordKey,
    codec_config,
    decrypt,
    inner_from_packets,
    packets,
    slice_hashes_from_packets,
)
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import SealedRecord
from tests.storage.sealed import footage, seal_file

DEK = bytes(range(32))
GROUPS = footage(3, gops=2, packets=5, size=100)


@pytest.fixture
def record(tmp_path: Path) -> SealedRecord:
    seal_file(tmp_path / "x.svs", GROUPS, dek=DEK)
    with SegmentReader(tmp_path / "x.svs") as reader:
        return reader.record(2)


@pytest.fixture
def key(tmp_path: Path, record: SealedRecord) -> bytes:
    with SegmentReader(tmp_path / "x.svs") as reader:
        return record_key(DEK, reader.hh, record.head_bytes)


def test_wrong_key_is_told_by_the_commitment(record: SealedRecord) -> None:
    with pytest.raises(WrongRecordKey):
        decrypt(record, bytes(32))


def test_key_of_the_record_before_does_not_open_this_one(tmp_path: Path, record: SealedRecord) -> None:
    with SegmentReader(tmp_path / "x.svs") as reader:
        neighbour = record_key(DEK, reader.hh, reader.record(1).head_bytes)
    with pytest.raises(WrongRecordKey):
        decrypt(record, neighbour)


@pytest.mark.parametrize("at", [0, -1])
def test_altered_ciphertext_or_tag_does_not_open(record: SealedRecord, key: bytes, at: int) -> None:
    box = bytearray(record.box)
    box[at] ^= 1
    forged = SealedRecord(record.head, record.front, record.lengths, memoryview(box), record.inner)
    with pytest.raises(RecordForged):
        decrypt(forged, key)


def test_altered_slice_lengths_do_not_open(record: SealedRecord, key: bytes) -> None:
    front = record.front[:-1] + bytes([record.front[-1] ^ 1])
    with pytest.raises(RecordForged):
        decrypt(SealedRecord(record.head, front, record.lengths, record.box, record.inner), key)


@given(exported=st.integers(0, 5))
def test_exported_packets_and_key_give_the_logged_hash(tmp_path_factory: pytest.TempPathFactory, exported: int) -> None:
    path = tmp_path_factory.getbasetemp() / "opening.svs"
    seal_file(path, GROUPS, dek=DEK)
    with SegmentReader(path) as reader:
        one = reader.record(1)
        key = record_key(DEK, reader.hh, one.head_bytes)
    rest = [leaf_hash(piece) for piece in one.slices[exported:]]
    assert inner_from_packets(one.front, key, GROUPS[0][:exported], rest=rest, tag=one.tag) == one.inner
    if exported:
        altered = [GROUPS[0][0][:-1] + b"?", *GROUPS[0][1:exported]]
        assert inner_from_packets(one.front, key, altered, rest=rest, tag=one.tag) != one.inner


def test_packets_from_the_middle_give_their_slices(record: SealedRecord, key: bytes) -> None:
    offset = sum(record.lengths[:2])
    hashes = slice_hashes_from_packets(key, GROUPS[1][2:4], offset=offset)
    assert hashes == [leaf_hash(piece) for piece in record.slices[2:4]]


@pytest.mark.system("openssl")
def test_openssl_encrypts_the_packets_to_the_same_slices(record: SealedRecord, key: bytes) -> None:
    # What an expert of the other side does, with nothing of ours.
    command = ["openssl", "enc", "-aes-256-ctr", "-K", key.hex(), "-iv", f"{2:032x}"]
    result = subprocess.run(command, input=b"".join(GROUPS[1]), capture_output=True, check=True)
    at = 0
    for packet, piece in zip(GROUPS[1], record.slices, strict=False):
        assert result.stdout[at : at + len(packet)] == piece
        at += len(packet)


def test_packet_table_that_does_not_fit_is_refused(record: SealedRecord, key: bytes) -> None:
    plaintext = decrypt(record, key)
    for lengths in ((), record.lengths[:-1], (*record.lengths[:-2], record.lengths[-2] - 1, record.lengths[-1] + 1)):
        with pytest.raises(RecordForged):
            packets(record.head, plaintext, lengths)
    side = RecordHead(type=RecordType.SIDE, seq=1, ct_len=len(plaintext), slice_count=1)
    with pytest.raises(RecordForged):
        packets(side, plaintext, [len(plaintext)])


@pytest.mark.parametrize(
    "plaintext",
    [b"", b"[]", b"{}", b"[" * 60_000, canonical({"codec": "x", "extradata": "!", "width": 1, "height": 1})],
)
def test_init_record_of_another_shape_is_refused(plaintext: bytes) -> None:
    with pytest.raises(RecordForged):
        codec_config(plaintext)
