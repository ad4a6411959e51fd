"""Headings and single words on screens, in the language of the process (`nvr/app/locale`, domain `words`)."""

from typing import Final

from nvr.app.messages import LANGUAGE
from nvr.base.catalogue import Catalogue

INSTANT_SUFFIX: Final = "_utc_us"
DAY_SUFFIX: Final = "_day_utc_us"
"""An instant of which people need the day alone."""

WORDS: Final = Catalogue("nvr.app", "words")


def heading(key: str) -> str:
    """What stands over values of this key, without the unit that people do not see; a path or a name is as it is."""
    bare = key.removesuffix(DAY_SUFFIX).removesuffix(INSTANT_SUFFIX)
    if WORDS.has(LANGUAGE, f"heading-{bare}"):
        return WORDS.text(LANGUAGE, f"heading-{bare}")
    return bare.replace("_", " ") if bare.isidentifier() else bare


def word(value: str) -> str:
    """A state, a role, yes or no."""
    return WORDS.text(LANGUAGE, f"value-{value}") if WORDS.has(LANGUAGE, f"value-{value}") else value
