"""Texts for people, by message id, in French and English (`nvr/app/locale`, domain `app`).

An error's entry says what happened, what it means and what to do; a plain text has one part.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Final, get_args

from nvr.app.system_words import in_words
from nvr.base.catalogue import Catalogue, Language, NotCompiled
from nvr.base.errors import InvalidValue, NvrError

_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""Those of gettext, the first that is set."""

_FRENCH: Final = ("fr", "c", "posix", "")
_OPTION: Final = "--lang"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
IN_WORDS: Final = ("expected", "what", "why")
"""Fields that hold a reason in English words, which has a French text under them (domain `reasons`)."""

_INSTANT: Final = re.compile(r"\b1[0-9]{15}\b")
"""UTC microseconds of the years 2001 to 2033: no other number that people meet is as long."""


TEXTS: Final = Catalogue("nvr.app", "app")

REASONS: Final = Catalogue("nvr.app", "reasons")
"""French for what the fields of errors say in English words, by those words."""


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """`--lang fr`, wherever it stands, else the locale of the environment.

    French where it says nothing (unset, C, POSIX), since this is for French towns; English for any other language.
    """
    chosen = [value for _, value in _options(arguments)]
    if chosen:
        return "en" if chosen[-1] == "en" else "fr"
    locale = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "fr" if re.split(r"[_.@:]", locale)[0].lower() in _FRENCH else "en"


def without_language(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--lang`, which every command takes and none has to know. Raises InvalidValue."""
    left = list(arguments)
    for place, value in reversed(_options(arguments)):
        if value not in get_args(Language):
            raise InvalidValue(field=_OPTION, value=value, expected="fr or en")
        del left[place : place + (2 if left[place] == _OPTION else 1)]
    return left


def _options(arguments: Sequence[str]) -> list[tuple[int, str | None]]:
    """Where the option stands, with its value; behind `--` it is a word like any other."""
    found: list[tuple[int, str | None]] = []
    for place, (word, following) in enumerate(zip_longest(arguments, arguments[1:])):
        if word == "--":
            break
        if word == _OPTION:
            found.append((place, following))
        elif word.startswith(f"{_OPTION}="):
            found.append((place, word.partition("=")[2]))
    return found


LANGUAGE: Final = chosen_language(sys.argv, os.environ)
"""Of this process: chosen once, since the help texts are made when the commands are declared."""


def lines(language: Language, message_id: str, /, **fields: object) -> list[str]:
    """The message in this language, a line or more for each of its parts. Raises NotCompiled."""
    return TEXTS.parts(language, message_id, **{key: _readable(key, value, language) for key, value in fields.items()})


def say(message_id: str, /, **fields: object) -> str:
    """The text of this id, in the language of the process."""
    return "\n".join(lines(LANGUAGE, message_id, **fields))


def explain(error: NvrError) -> str:
    """What an error means to the person who caused or met it; the id at the end is what a helper searches for."""
    name = error.message_id
    by_rule = f"denied-{error.fields.get('rule')}"
    try:
        if name == "denied" and TEXTS.has(LANGUAGE, by_rule):
            name = by_rule
        known = TEXTS.has(LANGUAGE, name)
    except NotCompiled as missing:
        return str(error) if isinstance(error, NotCompiled) else f"{error}\n{missing}"
    if not known:
        return str(error)
    return "\n".join([*lines(LANGUAGE, name, **error.fields), f"[{name}]"])


def _readable(key: str, value: object, language: Language) -> str:
    """As people read it: instants become dates and lose their unit's suffix, errors and reasons become words."""
    if value is None:
        return "-"
    if key in IN_WORDS and language != "en" and isinstance(value, str) and value:
        value = REASONS.as_it_is(language, value)
    text = _INSTANT.sub(lambda found: str(_EPOCH + timedelta(microseconds=int(found[0]))), str(value))
    return in_words(text.replace("_utc_us", ""), language)
