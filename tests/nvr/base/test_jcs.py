import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.jcs import Json, canonical, digest
from nvr.base.units import MAX_PERSISTED_INT

keys = st.text(alphabet=st.characters(max_codepoint=127), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_PERSISTED_INT, MAX_PERSISTED_INT)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@given(values)
def test_canonical_form_is_that_of_rfc_8785(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_canonical_form_reads_back_as_the_same_value(value: Json) -> None:
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize("value", [1.0, {"a": 0.5}, [float("nan")], 2**53, {"é": 1}, b"bytes", {1: 2}, {"a": {1, 2}}])
def test_value_that_readers_would_disagree_about_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"canonical|2\*\*53|ASCII"):
        canonical(value)  # type: ignore[arg-type]  # wrong on purpose


def test_digest_of_one_object_does_not_depend_on_the_order_of_its_keys() -> None:
    assert digest({"d": "x", "a": 1}) == digest({"a": 1, "d": "x"})
