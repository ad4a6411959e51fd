"""A report as plain text. Texts stand in one table by id for each language."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from access.verification.english import ENGLISH
from access.verification.french import FRENCH
from access.verification.report import Outcome, Report, Step
from nvr.base.jcs import Json

Language: TypeAlias = Literal["fr", "en"]

TEXTS: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType({"en": ENGLISH, "fr": FRENCH})

_MARKS: Final = {Outcome.GOOD: "mark-good", Outcome.BAD: "mark-bad", Outcome.NOT_RUN: "mark-not-run"}


def render(report: Report, texts: Mapping[str, str] = ENGLISH) -> str:
    """The report for people: the verdict, each step with what it found, what can not be known."""
    lines = [f"{report.path}: {texts['good' if report.ok else 'bad']}", ""]
    for step in report.steps:
        lines += _step(step, texts)
    lines += ["", *(f"{texts['note']}: {texts[limit]}" for limit in report.limits)] if report.limits else []
    return "\n".join(lines) + "\n"


def _step(step: Step, texts: Mapping[str, str]) -> Iterator[str]:
    yield f"{texts[_MARKS[step.outcome]]} {step.number}. {texts[step.id]}{_facts(step.facts)}"
    for found in step.findings:
        yield f"         {found.file} {_filled(texts[found.id], found.fields)}"


def _facts(facts: Mapping[str, Json]) -> str:
    told = ", ".join(f"{key} {value}" for key, value in facts.items() if not isinstance(value, bool | list))
    return f" ({told})" if told else ""


def _filled(text: str, fields: Mapping[str, Json]) -> str:
    """The text with its values; a value that the finding lacks stays as its name."""
    return text.format_map(_Named(fields))


class _Named(dict[str, Json]):
    def __missing__(self, key: str) -> str:
        return key
