"""Each state, cause and fault has its word, and each browser its language."""

import pytest

from access.http.texts import STATUS, cause_text, language_of, picture_text
from access.http.view import CameraState
from nvr.base.catalogue import LANGUAGES, Language


@pytest.mark.parametrize("state", CameraState)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_word(state: CameraState, language: Language) -> None:
    assert STATUS.has(language, state.value)


def test_cause_is_not_mistaken_for_another_text() -> None:
    assert cause_text("not-found", "en").startswith("camera knows no such stream")
    assert cause_text("stalled", "en") == "pictures stopped coming"
    assert cause_text("unheard-of", "en") == "unheard-of"


def test_fault_of_a_picture_that_has_no_text_yet_stands_as_its_id() -> None:
    assert picture_text("covered", "en") == "lens covered?"
    assert picture_text("unheard-of", "en") == "unheard-of"


@pytest.mark.parametrize("accepted", ["", ";;;,,", "*", "de", "de-DE,es;q=0.5", None])
def test_header_that_asks_for_neither_gives_french(accepted: str | None) -> None:
    assert language_of(None, accepted) == "fr"


@pytest.mark.parametrize("accepted", ["en-US;q=1", "de,en;q=0.8,fr;q=0.5"])
def test_first_of_both_in_the_header_counts(accepted: str) -> None:
    assert language_of(None, accepted) == "en"
