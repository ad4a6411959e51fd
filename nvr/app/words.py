"""Headings and single words on screens, in the language of the process (`nvr/app/texts/words.toml`)."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Final

from nvr.app.messages import LANGUAGE, Language

INSTANT_SUFFIX: Final = "_utc_us"
DAY_SUFFIX: Final = "_day_utc_us"
"""An instant of which people need the day alone."""


def words_of(language: Language) -> Mapping[str, Mapping[str, str]]:
    """`headings` and `values`, by their keys; English is its own key."""
    if language == "en":
        return {"headings": {}, "values": {}}
    text = resources.files("nvr.app").joinpath("texts", "words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


_WORDS: Final = words_of(LANGUAGE)


def heading(key: str) -> str:
    """What stands over values of this key, without the unit that people do not see; a path or a name is as it is."""
    bare = key.removesuffix(DAY_SUFFIX).removesuffix(INSTANT_SUFFIX)
    return _WORDS["headings"].get(bare, bare.replace("_", " ") if bare.isidentifier() else bare)


def word(value: str) -> str:
    """A state, a role, yes or no."""
    return _WORDS["values"].get(value, value)
