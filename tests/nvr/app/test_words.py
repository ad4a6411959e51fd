"""Every word that an answer may show to a person stands in French too."""

import pytest

from nvr.app.words import DAY_SUFFIX, INSTANT_SUFFIX, heading, words_of
from recorder.status import State
from storage.register import tables
from storage.register.tables import RequisitionState

FRENCH = words_of("fr")
SHOWN = (tables.Requisition, tables.Grant, tables.Hold, tables.Account)


@pytest.mark.parametrize("table", SHOWN, ids=lambda table: table.__name__)
def test_columns_that_answers_show_have_a_french_heading(table: type[tables.Table]) -> None:
    bare = {column.name.removesuffix(INSTANT_SUFFIX) for column in table.__table__.columns}
    assert bare - FRENCH["headings"].keys() - {"password_hash"} == set()


def test_states_have_a_french_word() -> None:
    assert {*State, *RequisitionState} - FRENCH["values"].keys() == set()


def test_english_word_is_its_own_key() -> None:
    assert words_of("en") == {"headings": {}, "values": {}}


@pytest.mark.parametrize(("key", "shown"), [("/srv/disk_2", "/srv/disk_2"), ("never_heard_of", "never heard of")])
def test_path_that_stands_over_values_is_shown_as_it_is(key: str, shown: str) -> None:
    assert heading(key) == shown


def test_day_is_an_instant_of_which_less_is_shown() -> None:
    assert DAY_SUFFIX.endswith(INSTANT_SUFFIX)
