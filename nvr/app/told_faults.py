"""Faults of a role in words: by the text of their id in the language of the reader, else as the role tells them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nvr.app.messages import TEXTS, lines
from nvr.app.system_words import in_words
from nvr.base.catalogue import Language
from nvr.base.jcs import canonical

_INSTANT = "_utc_us"


@dataclass(frozen=True, slots=True)
class ToldFault:
    """One fault: `what` in the role's own words, the id of its text (None: it has none) and that text's values."""

    what: str
    id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, told: object) -> "ToldFault":
        """From `status`, with tolerance: a role of another version may tell a sentence alone."""
        if not isinstance(told, Mapping):
            return cls(str(told))
        fields, text_id = told.get("fields"), told.get("id")
        known = text_id if isinstance(text_id, str) else None
        return cls(str(told.get("what", "")), known, fields if isinstance(fields, Mapping) else {})

    @classmethod
    def unpacked(cls, text: str) -> "ToldFault":
        """What `packed` made; any other text is its own words."""
        try:
            return cls.of(json.loads(text))
        except ValueError:
            return cls(text)

    def packed(self) -> str:
        """As one string, the same for the same fault."""
        return canonical({"what": self.what, "id": self.id, "fields": dict(self.fields)}).decode()

    def said(self, language: Language, instant: Callable[[int], str]) -> str:
        """The text in this language, instants as `instant` writes them; the id at its end is for searching."""
        if self.id is None or not TEXTS.has(language, self.id):
            return in_words(self.what, language)
        values = {key: _shown(key, value, instant) for key, value in self.fields.items()}
        (line, *_) = lines(language, self.id, **values)
        return f"{line} [{self.id}]"


def _shown(key: str, value: object, instant: Callable[[int], str]) -> object:
    return instant(value) if key.endswith(_INSTANT) and isinstance(value, int) else value
