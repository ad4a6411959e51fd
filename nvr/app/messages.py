"""Texts for people, by message id: French and English, one catalogue each in `nvr/app/texts`.

An error's entry says what happened (`what`), what it means (`means`) and what to do (`todo`); a plain text has `what`
alone. Fields stand in braces; a field that is missing shows as its name, since a text must never hide an error.
"""

import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import zip_longest
from typing import Final, Literal, TypeAlias, get_args

from nvr.app.system_words import in_words
from nvr.base.errors import InvalidValue, NvrError

Language: TypeAlias = Literal["fr", "en"]
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_OPTION: Final = "--lang"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT: Final = re.compile(r"\b1[0-9]{15}\b")
"""UTC microseconds of the years 2001 to 2033: no other number that people meet is as long."""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a catalogue."""

    what: str
    means: str = ""
    todo: str = ""
    language: Language = "en"

    def lines(self, fields: Mapping[str, object]) -> list[str]:
        """The text with its fields, a line for each part."""
        shown = _Fields({key: self._readable(value) for key, value in fields.items()})
        return [part.format_map(shown) for part in (self.what, self.means, self.todo) if part]

    def _readable(self, value: object) -> str:
        """As people read it: instants in UTC microseconds become dates and lose their unit's suffix, errors words."""
        if value is None:
            return "-"
        text = _INSTANT.sub(lambda found: str(_EPOCH + timedelta(microseconds=int(found[0]))), str(value))
        return in_words(text.replace("_utc_us", ""), self.language)


class _Fields(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"({key})"


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """`--lang fr`, wherever it stands, else the locale of the environment; English unless it is French."""
    chosen = [value for _, value in _options(arguments)]
    if chosen:
        return "fr" if chosen[-1] == "fr" else "en"
    locale = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "fr" if locale.startswith("fr") else "en"


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


def catalogue(language: Language) -> Mapping[str, Message]:
    """All messages of the language."""
    text = resources.files("nvr.app").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return {name: Message(**parts, language=language) for name, parts in tomllib.loads(text).items()}


LANGUAGE: Final = chosen_language(sys.argv, os.environ)
"""Of this process: chosen once, since the help texts are made when the commands are declared."""

TEXTS: Final = catalogue(LANGUAGE)
"""All messages in that language."""


def say(message_id: str, **fields: object) -> str:
    """The text of this id, in the language of the process."""
    return "\n".join(_message(message_id).lines(fields))


def explain(error: NvrError) -> str:
    """What an error means to the person who caused or met it; the id at the end is what a helper searches for."""
    name = error.message_id
    by_rule = f"{name}-{error.fields.get('rule')}"
    if by_rule in TEXTS:  # a refusal by policy may have a text for its rule
        name = by_rule
    if name in TEXTS:
        return "\n".join([*_message(name).lines(error.fields), f"[{name}]"])
    return str(error)


def _message(message_id: str) -> Message:
    return TEXTS.get(message_id) or Message(what=message_id)
