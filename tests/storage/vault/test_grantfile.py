import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.errors import NvrError
from nvr.base.jcs import canonical
from storage.svs1.layout import SegmentDamaged
from storage.vault.fields import DocumentInvalid
from storage.vault.grantfile import parse_grant_file
from tests.storage.vault.granted import Case

FILE = Case().file()
PACKED = FILE.pack()


def test_grant_file_survives_its_bytes() -> None:
    case = Case()
    case.answers = (case.answer(1),)
    file = case.file()
    assert parse_grant_file(file.pack()) == file
    assert file.grant_hash == parse_grant_file(file.pack()).grant_hash


@given(data=st.data())
def test_any_altered_byte_gives_another_file_or_a_typed_error(data: st.DataObject) -> None:
    altered = bytearray(PACKED)
    altered[data.draw(st.integers(0, len(PACKED) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        parsed = parse_grant_file(bytes(altered))
    except NvrError:
        return
    assert parsed != FILE


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_typed_error(data: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        parse_grant_file(data)


def test_release_without_its_proof_is_refused() -> None:
    body = json.loads(PACKED)
    body["releases"] *= 2
    with pytest.raises(DocumentInvalid):
        parse_grant_file(canonical(body))


def test_head_that_is_none_is_refused() -> None:
    body = json.loads(PACKED)
    body["segments"][0]["records"][1]["head"] = "00" * 128
    with pytest.raises(SegmentDamaged):
        parse_grant_file(canonical(body))


def test_file_carries_no_machine_part_in_clear() -> None:
    case = Case()
    (one,) = case.sealed
    (part,) = case._machine_parts([one.keys.record]).values()
    packed = replace(case.file()).pack()
    assert part.hex().encode() not in packed
    assert one.dek.hex().encode() not in packed
