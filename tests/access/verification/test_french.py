"""What can be said in English can be said in French."""

import string

from access.verification.english import ENGLISH
from access.verification.french import FRENCH


def fields(text: str) -> list[str]:
    return sorted(field for _, field, _, _ in string.Formatter().parse(text) if field)


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    assert FRENCH.keys() == ENGLISH.keys()
    assert {name: fields(text) for name, text in FRENCH.items()} == {
        name: fields(text) for name, text in ENGLISH.items()
    }
