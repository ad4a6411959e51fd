"""The catalogues as their sources say them, for tests that look at texts."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from babel.messages.catalog import Message as Entry

from nvr.app.messages import lines
from nvr.base.catalogue import Language
from tools.catalogues import ROOT, read


@dataclass(frozen=True, slots=True)
class Message:
    """One message, its parts without fields; of several plural forms, all of them."""

    id: str
    language: Language
    what: str = ""
    means: str = ""
    todo: str = ""

    def lines(self, fields: Mapping[str, object]) -> list[str]:
        """As `nvr.app` says it."""
        return lines(self.language, self.id, **fields)


@functools.cache
def catalogue(language: Language, package: str = "nvr/app", domain: str = "app") -> Mapping[str, Message]:
    """All messages of a domain."""
    source = ROOT / package / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
    parts: dict[str, dict[str, str]] = {}
    for entry in read(source):
        if entry.id:
            parts.setdefault(id_of(entry), {})[entry.context or "what"] = "\n".join(forms_of(entry))
    return {name: Message(name, language, **found) for name, found in parts.items()}


def id_of(entry: Entry) -> str:
    """Without the name of the field that chooses between plural forms."""
    return entry.id if isinstance(entry.id, str) else entry.id[0]


def forms_of(entry: Entry) -> list[str]:
    """One, or a plural's."""
    return [entry.string] if isinstance(entry.string, str) else [*(entry.string or ())]


def headings() -> set[str]:
    """The keys that have a heading of their own (tests/contract/test_texts.py: in both languages)."""
    return {found.removeprefix("heading-") for found in catalogue("fr", domain="words") if found.startswith("heading-")}
