"""Every word that an answer may show to a person stands in both languages."""

import pytest

from nvr.app.words import DAY_SUFFIX, INSTANT_SUFFIX, heading, word
from recorder.status import State
from storage.register import tables
from storage.register.tables import RequisitionState
from tests.texts import catalogue, headings

SHOWN = (tables.Requisition, tables.Grant, tables.Hold, tables.Account)


@pytest.mark.parametrize("table", SHOWN, ids=lambda table: table.__name__)
def test_columns_that_answers_show_have_a_heading(table: type[tables.Table]) -> None:
    bare = {column.name.removesuffix(INSTANT_SUFFIX) for column in table.__table__.columns}
    assert bare - headings() - {"password_hash"} == set()


@pytest.mark.parametrize("state", [*State, *RequisitionState])
def test_states_have_a_word(state: str) -> None:
    assert f"value-{state}" in catalogue("fr", domain="words")


def test_heading_is_told_without_the_unit_that_people_do_not_see() -> None:
    assert heading("placed_utc_us") == heading("placed") == "placed"
    assert heading("camera_days") == "camera days"


@pytest.mark.parametrize(("key", "shown"), [("/srv/disk_2", "/srv/disk_2"), ("never_heard_of", "never heard of")])
def test_path_that_stands_over_values_is_shown_as_it_is(key: str, shown: str) -> None:
    assert heading(key) == shown


def test_value_that_has_no_word_is_shown_as_it_is() -> None:
    assert word("yes") == "yes"
    assert word("R-2026-000123") == "R-2026-000123"


def test_day_is_an_instant_of_which_less_is_shown() -> None:
    assert DAY_SUFFIX.endswith(INSTANT_SUFFIX)
