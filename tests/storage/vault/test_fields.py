from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.jcs import Json, canonical
from storage.vault.fields import DocumentInvalid, Fields, to_base64

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(value=json_values)
def test_every_question_about_any_value_gives_an_answer_or_a_typed_error(value: Json) -> None:
    fields = Fields({"key": value}, "document")
    questions = (
        fields.text,
        fields.optional_text,
        fields.number,
        fields.truth,
        fields.hexadecimal,
        fields.base64,
        fields.object,
        fields.optional_object,
        fields.objects,
        fields.texts,
    )
    for ask in questions:
        for key in ("key", "absent"):
            with suppress(DocumentInvalid):
                ask(key)
    with pytest.raises(DocumentInvalid, match="absent"):
        fields.text("absent")


@given(data=st.binary(max_size=40) | json_values.map(canonical))
def test_any_bytes_are_an_object_or_a_typed_error(data: bytes) -> None:
    try:
        fields = Fields.parse(data, "document")
    except DocumentInvalid:
        return
    assert canonical(dict(fields.value)) == data


@pytest.mark.parametrize("data", [b'{"a":1, "b":2}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1.0}', b"[" * 60_000])
def test_second_way_to_write_the_same_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        Fields.parse(data, "document")


def test_truth_value_is_no_number() -> None:
    with pytest.raises(DocumentInvalid):
        Fields({"m": True}, "set").number("m")
    with pytest.raises(DocumentInvalid):
        Fields({"v": True}, "set").expect("v", 1)


@given(value=st.binary(max_size=20))
def test_base64_has_one_form(value: bytes) -> None:
    assert Fields({"ct": to_base64(value)}, "wrap").base64("ct") == value
    if to_base64(value).endswith("="):
        with pytest.raises(DocumentInvalid):
            Fields({"ct": to_base64(value).rstrip("=")}, "wrap").base64("ct")


@pytest.mark.parametrize("text", ["00", "G" * 64, "AA" * 32, " " + "0" * 63, "0" * 62 + " 0"])
def test_hash_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(DocumentInvalid):
        Fields({"hh": text}, "key record").hexadecimal("hh")
