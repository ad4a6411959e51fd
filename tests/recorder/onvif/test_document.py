import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.document import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, child, document, integer, shown, text


def test_names_lose_their_namespace_and_values_their_space() -> None:
    root = document(b'<a:x xmlns:a="urn:a"><b a:token="1"> c\n</b><n>12</n><n>13</n></a:x>', "x")
    assert (root.tag, text(root, "b"), integer(root, "n")) == ("x", "c", 12)
    found = child(root, "b")
    assert found is not None
    assert found.get("token") == "1"
    assert (text(root, "b", "c"), child(root, "z", "y"), integer(root, "b")) == ("", None, None)


LAUGHS = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;&c;</a>'
OUTSIDE = b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b"\xff\xfe",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        LAUGHS,
        OUTSIDE,
        b"<a>&b;</a>",
        b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" + b" " * MAX_BYTES + b"</a>",
    ],
    ids=lambda data: data[:40].decode("latin-1"),
)
def test_what_is_no_small_plain_document_is_garbage(data: bytes) -> None:
    with pytest.raises(CameraUnreachable) as failed:
        document(data, "soap")
    assert (failed.value.cause, failed.value.fields["what"]) == (Cause.GARBAGE, "soap")


def test_document_at_the_bounds_is_read() -> None:
    assert len(document(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>", "x")) == MAX_ELEMENTS - 1
    assert document(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH, "x").tag == "a"


@given(st.binary(max_size=200) | st.text("<>/&;ab!=\"' []", max_size=60).map(str.encode))
def test_any_bytes_are_a_document_or_garbage(data: bytes) -> None:
    try:
        root = document(data, "x")
    except CameraUnreachable:
        return  # of any other error the test would fail
    assert sum(1 for _ in root.iter()) <= MAX_ELEMENTS


@given(st.text(max_size=300))
def test_text_that_is_shown_is_short_and_printable(told: str) -> None:
    assert len(shown(told)) <= 64
    assert shown(told).isprintable()


@pytest.mark.parametrize("digits", ["", "-1", "1.5", "١", "9999999999", "0x1"])
def test_number_that_is_none_is_none(digits: str) -> None:
    assert integer(document(f"<a><n>{digits}</n></a>".encode(), "x"), "n") is None
