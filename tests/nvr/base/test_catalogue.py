from pathlib import Path

import pytest

from nvr.base.catalogue import Catalogue, Language, NotCompiled
from tools.catalogues import compiled, read

TEXTS = {
    "fr": """
msgid "moved"
msgstr "{camera} est déplacée."

msgctxt "todo"
msgid "moved"
msgstr "Vérifiez {place}."

msgid "segments"
msgid_plural "count"
msgstr[0] "{count} segment détruit dans {volume}"
msgstr[1] "{count} segments détruits dans {volume}"
""",
    "en": """
msgid "absent"
msgstr "absent"

msgctxt "means"
msgid "lost"
msgid_plural "frames"
msgstr[0] "{frames} frame in {seconds} s"
msgstr[1] "{frames} frames in {seconds} s"

msgid "lost"
msgstr "Lost"

msgid "moved"
msgstr "{camera} was moved."

msgctxt "means"
msgid "moved"
msgstr "It looks elsewhere."

msgctxt "todo"
msgid "moved"
msgstr "Check {place}."

msgid "segments"
msgid_plural "count"
msgstr[0] "{count} segment destroyed in {volume}"
msgstr[1] "{count} segments destroyed in {volume}"
""",
}
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """The texts above, in a package of their own."""
    for language, text in TEXTS.items():
        folder = tmp_path / "town" / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        source = folder / f"{tmp_path.name}.po"  # the standard library keeps what it read, by its path
        source.write_text(HEADER + text, encoding="utf-8")
        source.with_suffix(".mo").write_bytes(compiled(read(source)))
    (tmp_path / "town" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "town", raising=False)
    return Catalogue("town", tmp_path.name)


def test_text_is_in_the_language_that_was_asked_for(texts: Catalogue) -> None:
    assert texts.text("fr", "moved", camera="C1") == "C1 est déplacée."
    assert texts.text("en", "moved", camera="C1") == "C1 was moved."


def test_parts_come_in_order_and_those_that_are_missing_are_left_out(texts: Catalogue) -> None:
    assert texts.parts("en", "moved", camera="C1", place="A") == ["C1 was moved.", "It looks elsewhere.", "Check A."]
    assert texts.parts("fr", "moved", camera="C1", place="A") == ["C1 est déplacée.", "Vérifiez A."]


def test_missing_field_shows_its_name_and_hides_nothing(texts: Catalogue) -> None:
    assert texts.text("fr", "moved") == "(camera) est déplacée."


def test_missing_text_shows_its_id(texts: Catalogue) -> None:
    assert texts.text("fr", "unknown", camera="C1") == "unknown"
    assert texts.parts("fr", "unknown") == ["unknown"]
    assert not texts.has("fr", "unknown")
    assert texts.has("fr", "moved")


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("fr", 0, "0 segment détruit dans d1"),
        ("fr", 1, "1 segment détruit dans d1"),
        ("fr", 2, "2 segments détruits dans d1"),
        ("en", 0, "0 segments destroyed in d1"),
        ("en", 1, "1 segment destroyed in d1"),
        ("en", 2, "2 segments destroyed in d1"),
    ],
)
def test_each_language_has_its_own_plural(texts: Catalogue, language: Language, count: int, expected: str) -> None:
    assert texts.plural(language, "segments", count, volume="d1") == expected
    assert texts.parts(language, "segments", count=count, volume="d1") == [expected]


def test_text_that_is_the_word_of_its_id_is_a_text(texts: Catalogue) -> None:
    assert texts.has("en", "absent")
    assert texts.text("en", "absent") == "absent"
    assert not texts.has("fr", "absent")


def test_form_is_chosen_by_the_field_that_the_entry_names(texts: Catalogue) -> None:
    assert texts.parts("en", "lost", frames=1, seconds=2) == ["Lost", "1 frame in 2 s"]
    assert texts.parts("en", "lost", frames=2, seconds=1, count=1) == ["Lost", "2 frames in 1 s"]


@pytest.mark.parametrize(
    ("frames", "said"),
    [("1", "1 frame in 1 s"), ("2", "2 frames in 1 s"), ("1 000", "1 000 frames in 1 s"), (1.5, "1.5 frames in 1 s")],
)
def test_count_may_come_as_a_text_and_what_is_no_whole_number_is_many(
    texts: Catalogue, frames: object, said: str
) -> None:
    assert texts.parts("en", "lost", frames=frames, seconds=1) == ["Lost", said]


def test_plural_text_without_its_count_shows_the_name_of_the_count(texts: Catalogue) -> None:
    assert texts.text("fr", "segments", volume="d1") == "(count) segments détruits dans d1"


def test_count_of_an_entry_without_plural_forms_is_a_field_like_any_other(texts: Catalogue) -> None:
    assert texts.text("fr", "moved", camera="C1", count=3) == "C1 est déplacée."


def test_fields_may_bear_the_names_of_parameters(texts: Catalogue) -> None:
    assert texts.text("en", "moved", camera="C1", language="fr", message_id="x") == "C1 was moved."


def test_texts_that_were_never_compiled_are_an_error_of_the_installation_that_names_the_file() -> None:
    missing = Catalogue("nvr.base", "nothing")
    with pytest.raises(NotCompiled, match=r"locale/fr/LC_MESSAGES/nothing\.mo.*python -m tools\.catalogues"):
        missing.load("fr")
