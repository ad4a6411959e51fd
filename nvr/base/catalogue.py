"""Texts for people by gettext: `<package>/locale/{fr,en}/LC_MESSAGES/<domain>.mo`, by symbolic message ids.

An entry says what happened; with the context `means` what that means, with `todo` what to do. Fields stand in braces.
A field that is missing shows as its name, a text that is missing as its id: a text must never hide an error.
Where an entry has plural forms, its `msgid_plural` names the field that chooses between them, `count` as a rule.
"""

import gettext
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, TypeAlias

from nvr.base.errors import ConfigError

Language: TypeAlias = Literal["fr", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")
CONTEXTS: Final = ("means", "todo")
"""Of the second and third part of a message; the first has none."""

_MANY: Final = 2

_COUNTED: Final = "counted\x04"
"""Of the name of the field that counts, which tools/catalogues.py adds: .mo files do not keep `msgid_plural`."""


class NotCompiled(ConfigError):
    """The texts of a package are not where the installation puts them."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            file=str(file),
            why="the texts are not compiled: install the program again (in its source: python -m tools.catalogues)",
        )


class Catalogue:
    """The texts of one domain of a package, read when a language is first asked for."""

    def __init__(self, package: str, domain: str) -> None:
        self._package = package
        self._domain = domain
        self._read: dict[Language, gettext.NullTranslations] = {}

    def load(self, *languages: Language) -> None:
        """Read these languages now, as a process does before its loop may not wait for a disk. Raises NotCompiled."""
        for language in languages:
            self._texts(language)

    def text(self, language: Language, message_id: str, /, **fields: object) -> str:
        """What happened, or the text if it is not a message of parts. Raises NotCompiled."""
        found = self._part(language, None, message_id, fields)
        return message_id if found is None else found

    def plural(self, language: Language, message_id: str, count: int, /, **fields: object) -> str:
        """The text in the form that the language has for this count, which is its field `count`. Raises NotCompiled."""
        return self.text(language, message_id, **fields, count=count)

    def parts(self, language: Language, message_id: str, /, **fields: object) -> list[str]:
        """What happened, what it means, what to do: those of the three that the message has. Raises NotCompiled."""
        rest = (self._part(language, context, message_id, fields) for context in CONTEXTS)
        return [self.text(language, message_id, **fields), *(part for part in rest if part is not None)]

    def as_it_is(self, language: Language, message_id: str, /) -> str:
        """The text without looking for fields in it, for ids that are texts themselves. Raises NotCompiled."""
        return self._texts(language).gettext(message_id) or message_id

    def has(self, language: Language, message_id: str) -> bool:
        """Whether there is a text of this id. Raises NotCompiled."""
        return self._unfilled(language, None, message_id, {}) is not None

    def _part(
        self, language: Language, context: str | None, message_id: str, fields: Mapping[str, object]
    ) -> str | None:
        found = self._unfilled(language, context, message_id, fields)
        return None if found is None else found.format_map(_Fields(fields))

    def _unfilled(
        self, language: Language, context: str | None, message_id: str, fields: Mapping[str, object]
    ) -> str | None:
        texts = self._texts(language)
        key = message_id if context is None else f"{context}\x04{message_id}"  # as .mo files join them
        count = fields.get(texts.gettext(_COUNTED + key), fields.get("count"))
        return texts.ngettext(key, key, _number(count)) or texts.gettext(key) or None

    def _texts(self, language: Language) -> gettext.NullTranslations:
        if language not in self._read:
            self._read[language] = self._load(language)
        return self._read[language]

    def _load(self, language: Language) -> gettext.NullTranslations:
        spec = find_spec(self._package)
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"{self._package} is no package")
        folder = Path(spec.submodule_search_locations[0], "locale")
        try:
            texts = gettext.translation(self._domain, folder, [language])
        except FileNotFoundError as error:
            raise NotCompiled(folder / language / "LC_MESSAGES" / f"{self._domain}.mo") from error
        texts.add_fallback(_Nothing())
        return texts


class _Nothing(gettext.NullTranslations):
    """What there is no text of is empty, and not its own id: some texts are the word that their id is."""

    def gettext(self, message: str) -> str:
        del message
        return ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        del msgid1, msgid2, n
        return ""


def _number(count: object) -> int:
    """What chooses the form; a count that is not a whole number (unknown, written with spaces) is one of many."""
    return int(str(count)) if str(count).isdecimal() else _MANY


class _Fields(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"({key})"
