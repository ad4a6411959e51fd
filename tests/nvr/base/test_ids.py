import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.errors import InvalidValue
from nvr.base.ids import account_id, camera_id, is_uuid7, point_id, requisition_no, uuid7
from nvr.base.units import UtcUs

NOW = UtcUs(1_790_000_000_123_456)


def test_uuid7_is_one_by_its_version_and_variant() -> None:
    made = uuid7(NOW)
    assert is_uuid7(made)
    assert int(made[:12], 16) == NOW // 1000


def test_uuid7_of_a_later_millisecond_sorts_later() -> None:
    assert uuid7(NOW) < uuid7(UtcUs(NOW + 1000))


def test_uuid7_does_not_repeat_within_one_instant() -> None:
    assert len({uuid7(NOW) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "A", "a/b", "../a", "-a", "a" * 64, "a b", "é", "a\n"])
def test_name_that_could_leave_its_directory_or_its_column_is_refused(text: str) -> None:
    for make, field in ((camera_id, "camera"), (point_id, "point"), (account_id, "account")):
        with pytest.raises(InvalidValue) as refusal:
            make(text)
        assert refusal.value.fields["field"] == field


@given(st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,62}", fullmatch=True))
def test_name_in_the_alphabet_is_kept_as_it_is(text: str) -> None:
    assert camera_id(text) == text


def test_requisition_number_has_a_year_and_six_digits() -> None:
    assert requisition_no("R-2026-000123") == "R-2026-000123"
    for text in ("R-26-000123", "R-2026-123", "r-2026-000123", "R-2026-0001234"):
        with pytest.raises(InvalidValue):
            requisition_no(text)
