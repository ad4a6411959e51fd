import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.ids import CameraId
from nvr.base.jcs import canonical
from storage.vault.fields import DocumentInvalid
from storage.vault.keyrecord import KeyRecord
from storage.vault.seal import new_segment_keys
from tests.storage.sealed import NOW_US, custodians, segment_start

RECORD = new_segment_keys(
    custodians().set,
    hh=bytes(32),
    segment=segment_start().segment,
    camera=CameraId("cam"),
    start_utc_us=NOW_US,
).record


def test_key_record_survives_its_bytes() -> None:
    assert KeyRecord.parse(RECORD.pack()) == RECORD
    assert KeyRecord.parse(RECORD.pack()).sha256 == RECORD.sha256


@given(data=st.data())
def test_any_altered_byte_gives_another_record_or_a_typed_error(data: st.DataObject) -> None:
    packed = bytearray(RECORD.pack())
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        altered = KeyRecord.parse(bytes(packed))
    except DocumentInvalid:
        return
    assert altered.sha256 != RECORD.sha256


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_typed_error(data: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        KeyRecord.parse(data)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"seg": "0" * 32},
        {"hh": "00"},
        {"hh": "A" * 64},
        {"m": 0},
        {"m": True},
        {"n": 2},
        {"sh": {}},
        {"shares": None},
        {"shares": [1]},
        {"machine": {"kid": "x", "ct": "!"}},
        {"machine": {"kid": "x"}},
        {"camera": None},
    ],
)
def test_field_of_another_kind_is_refused(change: dict[str, object]) -> None:
    body = json.loads(RECORD.pack()) | change
    with pytest.raises(DocumentInvalid):
        KeyRecord.parse(canonical(body))
