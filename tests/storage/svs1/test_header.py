import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.jcs import Json, canonical
from storage.records import NoPredecessor
from storage.svs1 import header as headers
from storage.svs1.layout import MAGIC, SegmentDamaged
from tests.storage.sealed import header_of, segment_start

HEADER = header_of(segment_start(continues=segment_start(5).segment))
COMMIT = bytes(range(32))
PACKED = HEADER.pack(COMMIT)


def _altered(**changes: Json) -> bytes:
    return canonical(json.loads(HEADER.json_bytes) | changes)


def test_header_survives_its_bytes_and_what_follows() -> None:
    assert headers.parse(PACKED + b"records", file="x") == (HEADER, COMMIT)


@pytest.mark.parametrize("previous", [*NoPredecessor, bytes(range(32))])
def test_predecessor_or_the_reason_why_there_is_none(previous: headers.Predecessor) -> None:
    assert header_of(segment_start(), previous=previous).previous == previous


def test_unknown_keys_are_kept_and_take_part_in_the_hash() -> None:
    more = headers.parse_json(_altered(v=2, weather="rain"), file="x")
    assert more.hh != HEADER.hh
    assert b'"weather":"rain"' in more.pack(COMMIT)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 0},
        {"v": True},
        {"aead": 1},
        {"kem": 32},
        {"camera": "../../etc"},
        {"seg": "0" * 32},
        {"run": None},
        {"start_utc_us": -1},
        {"prev": {"root": "00"}},
        {"prev": {"none": "lost"}},
        {"prev": {"none": "first", "root": "00" * 32}},
        {"prev": {}},
        {"set": "AB" * 32},
        {"point": 7},
        {"point": "Place de la Mairie"},
        {"placement": ""},
        {"authorisation": "a" * 64},
        {"continues": "x"},
    ],
)
def test_value_of_another_kind_is_refused(changes: dict[str, Json]) -> None:
    with pytest.raises(SegmentDamaged):
        headers.parse_json(_altered(**changes), file="x")


@pytest.mark.parametrize("key", sorted(json.loads(HEADER.json_bytes)))
def test_every_key_is_needed(key: str) -> None:
    body = {name: value for name, value in json.loads(HEADER.json_bytes).items() if name != key}
    with pytest.raises(SegmentDamaged):
        headers.parse_json(canonical(body), file="x")


@pytest.mark.parametrize("text", [b"[" * 65_000, b"{}", b"[]", b"1", b"\xff", b'{"v":1.0}', HEADER.json_bytes + b" "])
def test_json_in_any_other_form_is_refused(text: bytes) -> None:
    with pytest.raises(SegmentDamaged):
        headers.parse_json(text, file="x")


def test_other_major_version_is_refused_as_such() -> None:
    future = PACKED.replace(b"\x00\x01\n", b"\x00\x02\n", 1)
    with pytest.raises(SegmentDamaged, match="unknown version"):
        headers.parse(future, file="x")


@given(at=st.integers(0, len(PACKED) - 1), flip=st.integers(1, 255))
def test_any_flip_is_noticed(at: int, flip: int) -> None:
    altered = bytearray(PACKED)
    altered[at] ^= flip
    with pytest.raises(SegmentDamaged):
        headers.parse(bytes(altered), file="x")


@given(size=st.integers(0, len(PACKED) - 1))
def test_any_cut_is_noticed(size: int) -> None:
    with pytest.raises(SegmentDamaged):
        headers.parse(PACKED[:size], file="x")


def test_length_beyond_the_limit_is_refused_before_it_is_believed() -> None:
    front = MAGIC + (70_000).to_bytes(4, "little") + b" " * 70_000 + COMMIT
    with pytest.raises(SegmentDamaged):
        headers.parse(front + zlib.crc32(front).to_bytes(4, "little"), file="x")
