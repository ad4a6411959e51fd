"""Both languages say the same things."""

import string

import pytest

from access.http.texts import ENGLISH, FRENCH, cause_text, language_of
from access.http.view import CameraState


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    def fields(text: str) -> list[str | None]:
        return [field for _, field, _, _ in string.Formatter().parse(text) if field]

    assert FRENCH.keys() == ENGLISH.keys()
    assert {name: fields(text) for name, text in FRENCH.items()} == {
        name: fields(text) for name, text in ENGLISH.items()
    }


@pytest.mark.parametrize("state", CameraState)
def test_every_state_has_its_word(state: CameraState) -> None:
    assert state.value in FRENCH


def test_cause_is_not_mistaken_for_another_text() -> None:
    assert cause_text("not-found", ENGLISH).startswith("camera knows no such stream")
    assert cause_text("stalled", ENGLISH) == "pictures stopped coming"
    assert cause_text("unheard-of", ENGLISH) == "unheard-of"


@pytest.mark.parametrize("accepted", ["", ";;;,,", "*", "en-US;q=1", None])
def test_any_header_gives_a_language(accepted: str | None) -> None:
    assert language_of(None, accepted) in ("fr", "en")
